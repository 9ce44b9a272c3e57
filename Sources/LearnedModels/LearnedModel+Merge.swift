import CostModels

extension LearnedManifest {
    /// Whether families of both may stand in one model.
    public func agrees(with other: LearnedManifest) -> Bool { (seed, folds, licence) == (other.seed, other.folds, other.licence) }

    mutating func take(_ families: Set<KernelKey.Family>, of other: LearnedManifest) {
        let order = KernelKey.Family.allCases.map(\.rawValue).sorted()
        func merged<Entry>(_ own: [Entry], _ others: [Entry], _ family: (Entry) -> KernelKey.Family) -> [Entry] {
            let all = own + others.filter { families.contains(family($0)) }
            return order.flatMap { name in all.filter { family($0).rawValue == name } }
        }
        sources = merged(sources, other.sources, \.family)
        scores = merged(scores, other.scores, \.family)
        probes = merged(probes, other.probes, \.family)
        takePower(families, of: other)
    }
}

extension LearnedModel {
    /// Takes over the families of another model that this one does not have, with what its manifest says of them.
    public mutating func take(over other: LearnedModel) {
        let new = other.families.filter { families[$0.key] == nil }
        var merged = LearnedModel(manifest: manifest, families: Array(families.values) + Array(new.values))
        merged.manifest.take(Set(new.keys), of: other.manifest)
        (merged.fewShots, merged.devices, merged.calibrations) = (fewShots, devices.merging(other.devices) { own, _ in own }, calibrations)
        merged.takePower(of: [self, other])
        self = merged
    }
}
