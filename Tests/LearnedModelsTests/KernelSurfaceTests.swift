import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Testing
@testable import LearnedModels

struct KernelSurfaceTests {
    /// Of points and values, with cones as high as a level needs to be free.
    private func surface(_ points: [[Float]], _ values: [Double], noise: Double = 0) throws -> KernelSurface {
        let count = points.count
        var matrix = (0..<count * count).map { (place: Int) -> Double in
            let row = place / count, column = place % count
            return 256 - distance(points[row], points[column]) + (row == column ? noise : 0)
        }
        try #require(SymmetricMatrix.invert(&matrix, size: count))
        let weights = (0..<count).map { i in (0..<count).reduce(0) { $0 + matrix[i * count + $1] * values[$1] } }
        return KernelSurface(points: points.flatMap(\.self), dimensions: points[0].count, weights: weights, level: 256 * weights.reduce(0, +))
    }

    private func distance(_ one: [Float], _ other: [Float]) -> Double { zip(one, other).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }.squareRoot() }

    @Test("A surface goes through its measurements and, along a line, straight between them; it knows how far the nearest is")
    func surfacesInterpolate() throws {
        let surface = try surface([[0, 0], [1, 0], [3, 0], [6, 0]], [1, 2, -1, 0.5])
        for (x, value) in [(Float(0), Float(1)), (1, 2), (3, -1), (6, 0.5), (2, 0.5), (4.5, -0.25)] { #expect(abs(surface.values(at: [x, 0])[0].residual - value) < 1e-2) }
        #expect(surface.values(at: [4.5, 0])[0].distance == 1.5)
        #expect(surface.values(at: [1, 2])[0].distance == 2)
    }

    @Test("Places that are looked at together, however many, have the values that each has alone")
    func togetherAsAlone() throws {
        let surface = try surface((0..<40).map { (place: Int) -> [Float] in [Float(place % 7), Float(place * 3 % 11)] }, (0..<40).map { Double($0 % 5) / 3 })
        for count in 0...9 {
            let places = (0..<count).map { (place: Int) -> [Float] in [Float(place) / 3, 2 - Float(place) / 5] }
            #expect(surface.values(at: places.flatMap(\.self)) == places.map { surface.values(at: $0)[0] })
        }
    }

    @Test("More points than a block holds count once each, and what fills up the last block not at all")
    func blocksAreFilledUp() throws {
        let points = (0..<37).map { (place: Int) -> [Float] in [Float(place % 6), Float(place / 6), Float(place * place % 5)] }
        let surface = try surface(points, points.map { (point: [Float]) -> Double in Double(point[0]) - 0.5 * Double(point[1]) })
        for point in points {
            let value = surface.values(at: point)[0]
            #expect(abs(value.residual - (point[0] - 0.5 * point[1])) < 1e-2)
            #expect(value.distance == 0)
        }
    }

    @Test("The inverse of a matrix times it is one; a matrix that is not positive definite has none", arguments: [1, 7, 8, 9, 40])
    func inverses(size: Int) {
        let matrix = (0..<size * size).map { (place: Int) -> Double in
            let row = place / size, column = place % size
            return 64 - Double(abs(row - column)) + (row == column ? 0.1 : 0)
        }
        var inverse = matrix
        #expect(SymmetricMatrix.invert(&inverse, size: size))
        for i in 0..<size {
            for j in 0..<size {
                let product = (0..<size).reduce(0) { $0 + matrix[i * size + $1] * inverse[$1 * size + j] }
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-8)
            }
        }
        var negative = matrix
        negative[size * size - 1] = -1
        #expect(!SymmetricMatrix.invert(&negative, size: size))
    }

    @Test("A surface reads back as it was written; one that is cut off, or has points that are no numbers, is refused")
    func bytesKeepSurfaces() throws {
        let surface = try surface([[0, 0], [1, 2], [3, 1]], [1, 2, 3])
        var writer = ByteWriter()
        surface.write(to: &writer)
        var reader = ByteReader(writer.bytes[...])
        #expect(try KernelSurface(reading: &reader) == surface)
        #expect(reader.isAtEnd)
        var short = ByteReader(writer.bytes.dropLast(4))
        #expect(throws: TreeError.self) { try KernelSurface(reading: &short) }
        writer.bytes.replaceSubrange(writer.bytes.count - 4..<writer.bytes.count, with: [0, 0, 0xc0, 0x7f])
        var spoilt = ByteReader(writer.bytes[...])
        #expect(throws: TreeError.self) { try KernelSurface(reading: &spoilt) }
    }

    @Test("What is usual draws an answer to the cycle model times a factor, by as much of its log as is not its own")
    func usualDraws() {
        let usual = LearnedFamily.Usual(residual: 1, part: 0.5)
        #expect(abs(usual.drawing(8, cycle: 1) - 4) < 1e-12)
        #expect(LearnedFamily.Usual().drawing(8, cycle: 1) == 8)
    }

    @Test("A kernel that the sibling lacks stands on that of kin where it has it, else on the cycle model; one that it has, or that nobody names, on the sibling's alone")
    func substitutesAreFound() throws {
        func calibration(_ device: String, _ names: [String]) -> Calibration {
            let none = KernelCalibration.Score(rows: 0, medianAPE: 0, mape: 0)
            return Calibration(device: device, runtime: "vllm", version: "", date: "", sources: [],
                               kernels: names.map { .init(key: KernelKey(.gemm, format: "bf16 × bf16"), kernel: $0, fitted: [:], rows: 9, training: none, validation: none) })
        }
        let library = try Library(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })
        func site(_ kernel: String) throws -> KernelSite {
            var site = KernelSite.probe(.gemm, on: try library.device("h200-sxm"), over: Fabric(), under: "vllm")
            site.labels.kernel = kernel
            return site
        }
        let lent = calibration("h100-sxm", ["a"]), kin = calibration("a100-sxm-80gb", ["b"])
        #expect(try site("a").substitute(lent: lent, kin: kin) == .none)
        #expect(try site("").substitute(lent: lent, kin: kin) == .none)
        #expect(try site("b").substitute(lent: lent, kin: kin) == .kin)
        #expect(try site("c").substitute(lent: lent, kin: kin) == .bare)
        #expect(try site("b").substitute(lent: lent, kin: nil) == .bare)
    }
}
