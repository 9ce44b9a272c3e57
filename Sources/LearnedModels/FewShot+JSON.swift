import CostModels
import Documents
import Quantities

extension FewShot {
    public var json: JSON {
        [
            "$schema": "../../HardwareSpecs/schemas/few-shot.schema.json", "device": JSON(device), "version": JSON(version), "date": JSON(date),
            "sources": .array(sources.map { ["file": JSON($0.file), "rows": JSON($0.rows)] }),
            "families": .array(families.sorted { $0.key.rawValue < $1.key.rawValue }.map { family, correction in
                let likeness = correction.process.likeness
                return [
                    "family": JSON(family.rawValue), "subject": JSON(correction.subject.rawValue),
                    "deviations50": .number(significant(correction.half, digits: 4)), "deviations90": .number(significant(correction.ninety, digits: 4)),
                    "laws": .array(correction.laws.map {
                        ["label": JSON($0.label), "points": JSON($0.points), "launchSeconds": .number(significant($0.launch, digits: 6)),
                         "factor": .number(significant($0.factor, digits: 6)), "ignoresWindow": .bool($0.ignoresWindow)]
                    }),
                    "likeness": ["common": JSON(likeness.common), "kernel": JSON(likeness.kernel), "shape": JSON(likeness.shape), "apart": JSON(likeness.apart),
                                 "noise": JSON(likeness.noise), "reaches": .array(likeness.reaches.map { JSON($0) })],
                    "points": .array(correction.process.points.map {
                        ["label": JSON($0.label), "residual": .number(significant($0.residual, digits: 6)), "place": .array($0.place.map { .number(significant($0, digits: 6)) })]
                    }),
                ]
            }),
        ]
    }

    /// Reads what `orrery calibrate --few` wrote.
    public init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let device = try reader.require("device").string(), version = try reader.require("version").string(), date = try reader.require("date").string()
        var sources: [Calibration.Source] = []
        for item in try reader.require("sources").array() {
            var source = try item.object()
            sources.append(.init(file: try source.require("file").string(), rows: try source.require("rows").integer(in: 1...1_000_000_000)))
            try source.finish()
        }
        var families: [KernelKey.Family: KernelCorrection] = [:]
        for item in try reader.require("families").array() {
            var members = try item.object()
            let family: KernelKey.Family = try members.require("family").choice()
            let subject: KernelCorrection.Subject = try members.require("subject").choice(), laws = try Self.laws(try members.require("laws"))
            let half = try members.require("deviations50").number(in: 0...1e3), ninety = try members.require("deviations90").number(in: half...1e3)
            let size = Self.scales(of: family).count
            let likeness = try GaussianProcess.Likeness(reading: try members.require("likeness"), dimensions: size)
            let list = try members.require("points")
            var points: [GaussianProcess.Point] = []
            for entry in try list.array() {
                var point = try entry.object()
                let label = try point.require("label").string(), residual = try point.require("residual").number(in: -60...60), stated = try point.require("place")
                var place: [Double] = []
                for value in try stated.array() { place.append(try value.number(in: -1e6...1e6)) }
                guard place.count == size else { throw stated.error("has \(place.count) values where \(family.rawValue) has \(size)") }
                try point.finish()
                points.append(GaussianProcess.Point(label: label, place: place, residual: residual))
            }
            guard points.count <= 2000, let process = GaussianProcess(points, likeness: likeness) else {
                throw list.error("has \(points.count) points that give no correction; write the file with \"orrery calibrate --few\"")
            }
            try members.finish()
            families[family] = KernelCorrection(subject: subject, laws: laws, process: process, half: half, ninety: ninety)
        }
        try reader.finish()
        self.init(device: device, version: version, date: date, sources: sources, families: families)
    }

    private static func laws(_ list: Document) throws(DocumentError) -> [KernelLaw] {
        var laws: [KernelLaw] = []
        for item in try list.array() {
            var law = try item.object()
            laws.append(KernelLaw(label: try law.require("label").string(), points: try law.require("points").integer(in: 1...1_000_000),
                                  launch: try law.require("launchSeconds").number(in: 0...1e6), factor: try law.require("factor").number(in: 0...1e9),
                                  ignoresWindow: try law.require("ignoresWindow").bool()))
            try law.finish()
        }
        guard !laws.isEmpty, laws.allSatisfy({ $0.launch > 0 || $0.factor > 0 }) else {
            throw list.error("has no law, or one that takes no time; write the file with \"orrery calibrate --few\"")
        }
        return laws
    }
}

extension GaussianProcess.Likeness {
    init(reading document: Document, dimensions: Int) throws(DocumentError) {
        self.init()
        var reader = try document.object()
        func variance(_ key: String) throws(DocumentError) -> Double { try reader.require(key).number(in: 0...1e4) }
        common = try variance("common")
        kernel = try variance("kernel")
        shape = try variance("shape")
        apart = try reader.require("apart").number(in: 0...1)
        noise = try reader.require("noise").number(in: 1e-6...1e4)
        let list = try reader.require("reaches")
        for value in try list.array() { reaches.append(try value.number(in: 1e-9...1e9)) }
        guard reaches.count == dimensions else { throw list.error("has \(reaches.count) values where there are \(dimensions) features") }
        try reader.finish()
    }
}
