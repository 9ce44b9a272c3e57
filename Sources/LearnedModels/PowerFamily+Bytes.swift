import CostModels

// Behind the families of a file of trees: how many families power was learned of, and those.

extension PowerFamily {
    func write(to writer: inout ByteWriter) {
        writer.text(family.rawValue)
        writer.word(UInt32(features.count))
        for name in features { writer.text(name) }
        groups.write(to: &writer)
        residual.write(to: &writer.bytes)
        quantiles.write(to: &writer)
    }

    init(reading reader: inout ByteReader) throws(TreeError) {
        let name = try reader.text()
        guard let family = KernelKey.Family(rawValue: name) else { throw TreeError("has power of a family \"\(name)\" that this program does not know") }
        var features: [String] = []
        for _ in 0..<(try reader.count(250)) { features.append(try reader.text()) }
        let groups = try KernelGroups(reading: &reader), residual = try TreeEnsemble(reading: &reader)
        let quantiles = try LearnedFamily.Quantiles(reading: &reader)
        let levels = KernelGroups.levels(knownDevice: true).count
        guard residual.featureCount == features.count + levels, groups.groups.allSatisfy({ $0.codes.count == levels }) else {
            throw TreeError("has trees of power of \(residual.featureCount) features where \(features.count + levels) are named")
        }
        self.init(family: family, features: features, groups: groups, residual: residual, quantiles: quantiles)
    }
}

extension LearnedModel {
    /// Empty where there is none, as in files of before.
    func writePower(to writer: inout ByteWriter) {
        guard !power.isEmpty else { return }
        writer.word(UInt32(power.count))
        for family in power.values.sorted(by: { $0.family.rawValue < $1.family.rawValue }) { family.write(to: &writer) }
    }

    mutating func readPower(_ reader: inout ByteReader) throws(TreeError) {
        guard !reader.isAtEnd else { return }
        for _ in 0..<(try reader.count(KernelKey.Family.allCases.count)) {
            let family = try PowerFamily(reading: &reader)
            power[family.family] = family
        }
    }
}
