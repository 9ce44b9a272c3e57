import ReferenceKernels
import Testing

/// Exponentials are good to about two units of roundoff, sums of a row are added in up to 64 partial sums: 1e-6 of the
/// result is eight times what was ever seen and a twentieth of what a wrong term would make.
private func close(_ expected: [Double], floor: Double = 1e-7) -> (Int) -> Double {
    { max(1e-6 * expected[$0].magnitude, floor) }
}

@Suite("Rows and elements", .serialized)
struct ElementwiseTests {
    static let shapes = [(1, 1), (3, 7), (5, 64), (2, 333), (70, 1025), (1, 50_001)]

    @Test("RMSNorm divides by the root mean square", arguments: shapes)
    func rmsNorm(rows: Int, width: Int) throws {
        let x = try randoms(rows * width, 1, amplitude: 3), weight = try randoms(width, 2)
        let expected = Oracle.rmsNorm(values(x), weight: values(weight), rows: rows, width: width, epsilon: 1e-5)
        try everyWay { way in
            let out = try FloatBuffer(count: rows * width)
            Kernels.rmsNorm(out, x, weight: weight, rows: rows, width: width)
            #expect(difference(values(out), expected, within: close(expected)) == nil, "\(way)")
        }
    }

    @Test("LayerNorm takes off the mean and divides by the deviation, with a large mean, too", arguments: shapes)
    func layerNorm(rows: Int, width: Int) throws {
        let x = try randoms(rows * width, 1), weight = try randoms(width, 2), bias = try randoms(width, 3)
        for i in 0..<x.count { x[i] += 10 }
        let expected = Oracle.layerNorm(values(x), weight: values(weight), bias: values(bias), rows: rows, width: width, epsilon: 1e-5)
        // A mean of 10 leaves elements of size 1 with ten times the roundoff; a row of one element is all cancellation.
        let floor = width == 1 ? 1e-2 : 3e-5
        try everyWay { way in
            let out = try FloatBuffer(count: rows * width)
            Kernels.layerNorm(out, x, weight: weight, bias: bias, rows: rows, width: width)
            #expect(difference(values(out), expected, within: close(expected, floor: floor)) == nil, "\(way)")
        }
    }

    @Test("Softmax sums to one and survives logits of ±10,000", arguments: shapes)
    func softmax(rows: Int, width: Int) throws {
        for amplitude in [Float(4), 10_000] {
            let x = try randoms(rows * width, 1, amplitude: amplitude)
            let expected = Oracle.softmax(values(x), rows: rows, width: width)
            try everyWay { way in
                let out = try FloatBuffer(count: rows * width)
                Kernels.softmax(out, x, rows: rows, width: width)
                // e^(a - b) carries the roundoff of a - b as a relative error: u × amplitude.
                #expect(difference(values(out), expected) { (2e-6 + 2 * unit * Double(amplitude)) * expected[$0] + 1e-37 } == nil, "\(way)")
                for r in 0..<rows {
                    let total = values(out)[r * width..<(r + 1) * width].reduce(0.0) { $0 + Double($1) }
                    #expect((total - 1).magnitude < 1e-5)
                }
            }
        }
    }

    @Test("SiLU · mul and GELU follow their formulas from −100 to 100", arguments: [1, 15, 17, 1000, 40_003])
    func activations(count: Int) throws {
        let gate = try randoms(count, 1, amplitude: count > 100 ? 100 : 3), up = try randoms(count, 2)
        let silu = zip(values(gate), values(up)).map { Oracle.silu(Double($0)) * Double($1) }, gelu = values(gate).map { Oracle.gelu(Double($0)) }
        try everyWay { way in
            let out = try FloatBuffer(count: count)
            Kernels.siluMul(out, gate: gate, up: up, count: count)
            // x / (1 + e^-x) at x = -100: the exponential has a relative error of u × 100.
            #expect(difference(values(out), silu) { 1e-6 * silu[$0].magnitude + 1e-7 } == nil, "silu, \(way)")
            Kernels.gelu(out, gate, count: count)
            #expect(difference(values(out), gelu) { 2e-6 * gelu[$0].magnitude + 5e-7 } == nil, "gelu, \(way)")
            Kernels.add(out, gate, up, count: count)
            #expect(values(out) == zip(values(gate), values(up)).map { $0 + $1 }, "add, \(way)")
        }
    }

    @Test("Rotary turns each pair by its angle and keeps its length", arguments: [(1, 1, 2), (5, 3, 6), (17, 4, 80), (3, 2, 128)])
    func rotary(rows: Int, heads: Int, dimension: Int) throws {
        let positions = try IndexBuffer((0..<rows).map { Int32($0 * 37 % 101) })
        let angles = try RotaryAngles(dimension: dimension, positions: 101, base: 10_000)
        let x = try randoms(rows * heads * dimension, 1)
        let expected = Oracle.rotary(values(x), positions: positions.elements, rows: rows, heads: heads, dimension: dimension, base: 10_000)
        try everyWay { way in
            let out = try FloatBuffer(values(x))
            Kernels.rotary(out, angles, positions: positions, rows: rows, heads: heads)
            #expect(difference(values(out), expected) { _ in 4 * unit } == nil, "\(way)")
        }
    }

    @Test("Gather, copy and cache writes move exactly the rows asked for")
    func moves() throws {
        let table = try randoms(50 * 33, 1), ids = try IndexBuffer([3, 49, 0, 3, 17]), rows = try FloatBuffer(count: 5 * 33)
        Kernels.gather(rows, table: table, ids: ids, rows: 5, width: 33)
        for (r, id) in ids.elements.enumerated() {
            #expect(values(rows)[r * 33..<(r + 1) * 33] == values(table)[Int(id) * 33..<(Int(id) + 1) * 33])
        }
        let bytes = try AlignedBuffer<UInt8>((0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }), copy = try AlignedBuffer<UInt8>(count: 700_001)
        Kernels.copy(copy, bytes, bytes: 700_001)
        #expect(copy.elements == bytes.elements)

        let cache = try KeyValueCache(batch: 2, kvHeads: 3, capacity: 10, dimension: 5)
        let keys = try randoms(2 * 4 * 3 * 5, 2), newValues = try randoms(2 * 4 * 3 * 5, 3)
        cache.write(keys: keys, values: newValues, rows: 4, first: 6)
        for (b, t, h, i) in [(0, 0, 0, 0), (1, 3, 2, 4), (1, 0, 1, 2), (0, 3, 2, 0)] {
            #expect(cache.key(sequence: b, head: h, token: 6 + t, element: i) == keys[((b * 4 + t) * 3 + h) * 5 + i])
            #expect(cache.value(sequence: b, head: h, token: 6 + t, element: i) == newValues[((b * 4 + t) * 3 + h) * 5 + i])
        }
        #expect(cache.key(sequence: 0, head: 0, token: 5, element: 0) == 0)
    }
}
