import CostModels
import Hardware
import Operators
import Quantities
import Testing
@testable import LearnedModels

struct SizeCurveTests {
    private func curve() throws -> SizeCurve {
        try #require(SizeCurve(through: [(10, 1), (12, 3), (10, 2), (10, 9), (14, -1)]))
    }

    @Test("A curve goes through the median at each size, straight between sizes, and flat beyond the ends")
    func curvesInterpolate() throws {
        let curve = try curve()
        #expect(curve.value(at: 10) == 2)
        #expect(curve.value(at: 11) == 2.5)
        #expect(curve.value(at: 13.5) == 0)
        #expect(curve.value(at: 2) == 2)
        #expect(curve.value(at: 20) == -1)
        #expect(curve.distance(from: 11.5) == 0.5)
        #expect(curve.distance(from: 10) == 0)
        #expect(SizeCurve(through: []) == nil)
    }

    @Test("Trees are told of each level its curve, of a missing one nothing, and start from the finest there is")
    func levelsFallBack() throws {
        let curve = try curve(), place = CurvePlace(size: 12, levels: [.init([]), .init([7168, 8])])
        let coarse = place.columns(on: [.init([]): curve])
        #expect(coarse.finest == 3)
        #expect(coarse.values[0] == 3)
        #expect(coarse.values[1].isNaN)
        #expect(coarse.values[2] == 0)
        let none = place.columns(on: [:])
        #expect(none.finest == nil)
        #expect(none.values.allSatisfy { $0.isNaN })
    }

    @Test("A curve reads back as it was written; one whose sizes do not ascend, or that is cut off, is refused")
    func bytesKeepCurves() throws {
        var writer = ByteWriter()
        try curve().write(to: &writer)
        var reader = ByteReader(writer.bytes[...])
        #expect(try SizeCurve(reading: &reader) == curve())
        #expect(reader.isAtEnd)
        #expect(throws: TreeError.self) {
            var reader = ByteReader(writer.bytes.dropLast(3))
            _ = try SizeCurve(reading: &reader)
        }
        var swapped = ByteWriter()
        swapped.word(2)
        for value: Float in [12, 1, 10, 1] { swapped.number(value) }
        #expect(throws: TreeError.self) {
            var reader = ByteReader(swapped.bytes[...])
            _ = try SizeCurve(reading: &reader)
        }
    }

    @Test("Twice the tokens are one step of size; a wider token or another number of copies is another curve, and a product has none")
    func exchangesHavePlaces() throws {
        func place(tokens: Int, hidden: Double, copies: Double) throws -> CurvePlace {
            let exchange = Collective(.allToAll, participants: 8, bytes: Bytes(Double(tokens) * hidden * 2 * copies), format: .bf16, messages: tokens, messageBytes: Bytes(hidden * 2))
            let site = KernelSite(.expertExchange, operators: [.collective(exchange)], on: try Library(Self.library).device("h100-sxm"), labels: KernelLabels(software: "vllm"))
            return try #require(site.curvePlace)
        }
        let one = try place(tokens: 128, hidden: 7168, copies: 8), two = try place(tokens: 256, hidden: 7168, copies: 8)
        #expect(two.size == one.size + 1)
        #expect(two.levels == one.levels)
        #expect(try place(tokens: 128, hidden: 4096, copies: 8).levels[1] != one.levels[1])
        #expect(try place(tokens: 128, hidden: 7168, copies: 6).levels[1] != one.levels[1])
        #expect(try place(tokens: 128, hidden: 4096, copies: 8).levels[0] == one.levels[0])
        let product = KernelSite.probe(.gemm, on: try Library(Self.library).device("h100-sxm"), over: Fabric(), under: "vllm")
        #expect(product.curvePlace == nil)
    }

    private static let library = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
}
