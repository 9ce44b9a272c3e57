import ReferenceKernels
import Testing

struct Product: CustomTestStringConvertible, Sendable {
    var m, n, k: Int
    var format: WeightFormat
    var testDescription: String { "\(m) × \(n) × \(k) \(format)" }
}

private let formats: [WeightFormat] = [.fp32, .int8(group: 32), .int8(group: 128), .int4(group: 32), .int4(group: 64), .int4(group: 128), .sparse24]
private let shapes = [(1, 1, 1), (1, 37, 129), (2, 5, 64), (3, 33, 300), (7, 64, 128), (8, 31, 385), (9, 3, 20), (13, 65, 777), (50, 130, 256)]
private let products = formats.flatMap { format in shapes.map { Product(m: $0.0, n: $0.1, k: $0.2, format: format) } }

/// Largest error that fp32 sums of k products may have, whatever their order: (k + 2) u Σ|x||w| (Higham, "Accuracy and
/// Stability of Numerical Algorithms", section 3.1). The int4 product adds numbers up to 16 × 3.5 of a scale, of which the
/// constant part cancels; the scale of a group is at least its largest weight over 7.
private func bound(_ x: [Float], _ w: [Float], row: Int, column: Int, k: Int, format: WeightFormat) -> Double {
    var sum = 0.0
    for i in 0..<k { sum += Double(x[row * k + i]).magnitude * Double(w[column * k + i]).magnitude }
    if case .int4 = format {
        let largest = (0..<k).map { Double(w[column * k + $0]).magnitude }.max() ?? 0
        sum += (0..<k).reduce(0.0) { $0 + Double(x[row * k + $1]).magnitude } * largest / 7 * 16 * 3.5
    }
    return Double(k + 16) * unit * sum + 1e-30
}

@Suite("Matrix products", .serialized)
struct MatmulTests {
    @Test("A product of any format and shape is that of its stored weights, up to the rounding of fp32 sums", arguments: products)
    func productEqualsOracle(_ p: Product) throws {
        let w = try WeightMatrix(randoms(p.n * p.k, 1), n: p.n, k: p.k, format: p.format)
        let stored = try values(w.dequantised()), x = try randoms(p.m * p.k, 2), y = try FloatBuffer(count: p.m * p.n)
        let expected = Oracle.matmul(values(x), stored, m: p.m, n: p.n, k: p.k)
        let xs = values(x)
        try everyWay { way in
            for i in 0..<y.count { y[i] = .nan }
            try Kernels.matmul(y, x, w, m: p.m, backend: .own)
            let wrong = difference(values(y), expected) { bound(xs, stored, row: $0 / p.n, column: $0 % p.n, k: p.k, format: p.format) }
            #expect(wrong == nil, "\(way)")
        }
    }

    @Test("Products larger than a packed block in every direction are right, too")
    func blocksMeet() throws {
        let (m, n, k) = (1_021, 283, 391)
        for format in [WeightFormat.fp32, .int4(group: 128)] {
            let w = try WeightMatrix(random: n, k, format: format, seed: 3), x = try randoms(m * k, 4), y = try FloatBuffer(count: m * n)
            let stored = try values(w.dequantised()), xs = values(x)
            try Kernels.matmul(y, x, w, m: m, backend: .own)
            for (row, column) in [(0, 0), (1007, 255), (1008, 256), (1020, 282), (500, 260), (1020, 0), (11, 31), (12, 32)] {
                let one = Oracle.matmul(Array(xs[row * k..<(row + 1) * k]), Array(stored[column * k..<(column + 1) * k]), m: 1, n: 1, k: k)
                #expect((Double(y[row * n + column]) - one[0]).magnitude <= bound(xs, stored, row: row, column: column, k: k, format: format))
            }
        }
    }

    @Test("A quantised weight is within half a step of its scale and the rounding of the scale itself",
          arguments: [WeightFormat.int8(group: 32), .int8(group: 128), .int4(group: 32), .int4(group: 64), .int4(group: 128)])
    func quantisationIsNearest(_ format: WeightFormat) throws {
        let (n, k) = (5, 300), steps = format.description.hasPrefix("int8") ? 127.0 : 7.0
        let w = try randoms(n * k, 9)
        let stored = try values(WeightMatrix(w, n: n, k: k, format: format).dequantised())
        // Amplitude 1: a scale is at most 1/steps and off by at most 2^-9 of itself, which clips the largest weight.
        for i in 0..<n * k { #expect((stored[i] - w[i]).magnitude <= Float(0.5 / steps * 1.01 + 0x1p-8), "\(i)") }
    }

    @Test("2:4 storage keeps the two largest of every four weights and nothing else")
    func sparseKeepsTheLargest() throws {
        let (n, k) = (3, 148)
        let w = try randoms(n * k, 5)
        let stored = try values(WeightMatrix(w, n: n, k: k, format: .sparse24).dequantised())
        for four in stride(from: 0, to: n * k, by: 4) {
            let sizes = (four..<four + 4).map { w[$0].magnitude }.sorted()
            for i in four..<four + 4 { #expect(stored[i] == (w[i].magnitude >= sizes[2] ? w[i] : 0)) }
        }
    }

    @Test("The grouped product of experts is the product of each expert with its own rows; idle experts change nothing")
    func groupedEqualsSingle() throws {
        let counts = [0, 3, 1, 25, 0, 9, 8], n = 70, k = 130
        for format in [WeightFormat.fp32, .int4(group: 64), .int8(group: 64)] {
            var experts: [WeightMatrix] = []
            for e in 0..<counts.count { experts.append(try WeightMatrix(random: n, k, format: format, seed: UInt64(e))) }
            let offsets = try AlignedBuffer<Int>(counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) })
            let rows = counts.reduce(0, +), x = try randoms(rows * k, 6)
            try everyWay { way in
                let y = try FloatBuffer([Float](repeating: .nan, count: rows * n))
                try Kernels.groupedMatmul(y, x, experts, offsets: offsets)
                for (e, count) in counts.enumerated() where count > 0 {
                    let part = try FloatBuffer(values(x)[offsets[e] * k..<offsets[e + 1] * k]), alone = try FloatBuffer(count: count * n)
                    try Kernels.matmul(alone, part, experts[e], m: count, backend: .own)
                    #expect(values(alone) == Array(values(y)[offsets[e] * n..<offsets[e + 1] * n]), "\(way), expert \(e), \(format)")
                }
            }
        }
    }

    @Test("OpenBLAS gives the same product as the kernels of the module, or an error that names the package to install")
    func blasAgrees() throws {
        do {
            try BLAS.load()
        } catch {
            #expect("\(error)".contains("libopenblas0"))
            return
        }
        let (m, n, k) = (29, 131, 77)
        let w = try WeightMatrix(random: n, k, format: .fp32, seed: 1), x = try randoms(m * k, 2)
        let stored = try values(w.dequantised()), xs = values(x), expected = Oracle.matmul(xs, stored, m: m, n: n, k: k)
        try everyWay { way in
            let y = try FloatBuffer(count: m * n)
            try Kernels.matmul(y, x, w, m: m, backend: .openBLAS)
            #expect(difference(values(y), expected) { bound(xs, stored, row: $0 / n, column: $0 % n, k: k, format: .fp32) } == nil, "\(way)")
        }
    }

    @Test("Impossible matrices are refused with the reason")
    func badMatrices() {
        #expect(throws: KernelError("int4/g48: groups of 48 weights are not supported; use 32, 64 or 128")) {
            try WeightMatrix(random: 4, 96, format: .int4(group: 48), seed: 1)
        }
        #expect(throws: KernelError.self) { try WeightMatrix(random: 0, 96, format: .fp32, seed: 1) }
        #expect(throws: KernelError.self) { try WeightMatrix(random: .max, 2, format: .fp32, seed: 1) }
        #expect(throws: KernelError.self) { try WeightMatrix(randoms(5, 1), n: 2, k: 3, format: .fp32) }
        #expect(throws: KernelError.self) { try FloatBuffer(count: .max) }
    }
}
