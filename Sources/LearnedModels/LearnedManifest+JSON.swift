import CostModels
import Documents
import Quantities

extension LearnedManifest {
    public var json: JSON {
        [
            "$schema": "../HardwareSpecs/schemas/learned.schema.json",
            "version": JSON(version), "date": JSON(date), "licence": JSON(licence), "seed": JSON(seed), "folds": JSON(folds),
            "sources": .array(sources.map { ["family": JSON($0.family.rawValue), "file": JSON($0.file), "rows": JSON($0.rows)] }),
            "skipped": .array(skipped.map { ["file": JSON($0.file), "reason": JSON($0.reason), "rows": JSON($0.rows)] }),
            "scores": .array(scores.map {
                ["family": JSON($0.family.rawValue), "heldOut": JSON($0.heldOut), "rows": JSON($0.rows), "mape": Self.rounded($0.mape),
                 "medianApe": Self.rounded($0.medianAPE), "coverage90": Self.rounded($0.coverage), "width90": Self.rounded($0.width)]
            }),
            "probes": .array(probes.map {
                ["family": JSON($0.family.rawValue), "device": JSON($0.device), "software": JSON($0.software),
                 "values": .array($0.values.map { $0.isFinite ? JSON.number($0.description) : .null })]
            }),
            "power": .array(power.map(\.json)),
        ]
    }

    private static func rounded(_ value: Double) -> JSON { .number(significant(value, digits: 4)) }

    public init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        version = try reader.require("version").string()
        date = try reader.require("date").string()
        licence = try reader.require("licence").string()
        seed = try reader.require("seed").integer(in: 0...1_000_000_000)
        folds = try reader.require("folds").integer(in: 2...100)
        sources = []
        for item in try reader.require("sources").array() {
            var source = try item.object()
            sources.append(Source(family: try source.require("family").choice(), file: try source.require("file").string(),
                                  rows: try source.require("rows").integer(in: 1...1_000_000_000)))
            try source.finish()
        }
        skipped = []
        for item in try reader.optional("skipped")?.array() ?? [] {
            var entry = try item.object()
            skipped.append(Skipped(file: try entry.require("file").string(), reason: try entry.require("reason").string(),
                                   rows: try entry.require("rows").integer(in: 1...1_000_000_000)))
            try entry.finish()
        }
        scores = []
        for item in try reader.require("scores").array() {
            var score = try item.object()
            scores.append(Score(family: try score.require("family").choice(), heldOut: try score.require("heldOut").string(),
                                rows: try score.require("rows").integer(in: 1...1_000_000_000), mape: try score.require("mape").number(in: 0...1e6),
                                medianAPE: try score.require("medianApe").number(in: 0...1e6), coverage: try score.require("coverage90").number(in: 0...1),
                                width: try score.require("width90").number(in: 0...1e6)))
            try score.finish()
        }
        probes = []
        for item in try reader.require("probes").array() {
            var probe = try item.object()
            let family: KernelKey.Family = try probe.require("family").choice()
            let device = try probe.require("device").string(), software = try probe.require("software").string()
            var values: [Float] = []
            for value in try probe.require("values").array() { values.append(value.json == .null ? .nan : Float(try value.number(in: -1e30...1e30))) }
            try probe.finish()
            probes.append(Probe(family: family, device: device, software: software, values: values))
        }
        power = []
        for item in try reader.optional("power")?.array() ?? [] { power.append(try Power(reading: item)) }
        try reader.finish()
    }
}
