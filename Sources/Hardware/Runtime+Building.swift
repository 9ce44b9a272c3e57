import Quantities

extension Runtime {
    /// A runtime made in a program: without host costs and with nothing fused or reserved unless stated.
    public init(id: String, name: String, launch: Launch = .inline, runsOn: [Device.Kind] = Device.Kind.allCases, hostPerKernel: Seconds = .zero,
                hostPerStep: Seconds = .zero, fusions: Set<Fusion> = [], weightOnly: [TensorFormat] = [], sparse24: Bool = false) {
        self.init(id: id, name: name, aliases: [], launch: launch, runsOn: runsOn, hostPerKernel: hostPerKernel, referenceLaunch: nil,
                  hostPerStep: hostPerStep, hostPerLayer: .zero, fusions: fusions, weightOnly: weightOnly, sparse24: sparse24, groupedTiles: [:],
                  overlapsCopies: false, overlapsCollectives: false, memoryFraction: 1, memoryReserved: .zero,
                  provenance: Provenance(sources: [:], recalled: []))
    }
}
