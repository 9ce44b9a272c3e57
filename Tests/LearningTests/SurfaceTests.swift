import CostModels
import LearnedModels
import Testing
@testable import Learning

struct SurfaceTests {
    private static let names = ["tokens", "experts", "choices", "hidden", "width", "active experts", "rows an expert", "largest / mean", "rows / tokens", "largest", "base / bound",
                                "latency share", "memory share"]

    /// Rows of one kernel whose residual is a tenth of the logarithm of its tokens, each a shape of its own.
    private func set(sizes: [Float], strayAt stray: Int? = nil) -> TrainingSet {
        var set = TrainingSet(family: .experts)
        set.names = Self.names
        for (place, size) in sizes.enumerated() {
            set.features += [size] + [Float](repeating: 1, count: Self.names.count - 1)
            let residual = size / 10 + (place == stray ? 2 : 0)
            set.rows.append(.init(residual: residual, target: residual, measured: 1e-5, base: 1e-5, lent: 1e-5, cycle: 1e-5, bound: 1e-7, shape: UInt64(place),
                                  device: "d", architecture: "a", software: "s", version: "1", format: "f", kernel: "k"))
        }
        return set
    }

    @Test("A measurement four times too long does not bend the surface at its neighbours, and is itself answered by them where its shape is left out")
    func straysDoNotBend() throws {
        let sizes = (0..<60).map { Float($0) / 4 }, set = set(sizes: sizes, strayAt: 30)
        let surfaces = try #require(KernelSurfaces(set, rows: Array(set.rows.indices)))
        for row in [28, 29, 31, 32] {
            let value = try #require(surfaces.value(set, row, asUnseen: true))
            #expect(abs(value.residual - sizes[row] / 10) < 0.03)
            #expect(value.distance == 0.25)
        }
        let own = try #require(surfaces.value(set, 30, asUnseen: true))
        #expect(abs(own.residual - sizes[30] / 10) < 0.03)
    }

    @Test("A kernel of fewer than thirty measurements has no surface")
    func fewHaveNone() throws {
        let set = set(sizes: (0..<29).map(Float.init))
        let surfaces = try #require(KernelSurfaces(set, rows: Array(set.rows.indices)))
        #expect(surfaces.surface(of: set.rows[0]) == nil)
        #expect(surfaces.value(set, 0, asUnseen: true) == nil)
    }
}
