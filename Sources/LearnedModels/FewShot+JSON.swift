import CostModels
import Documents
import Quantities

extension FewShot {
    public var json: JSON {
        [
            "device": JSON(device), "version": JSON(version), "date": JSON(date),
            "sources": .array(sources.map { ["file": JSON($0.file), "rows": JSON($0.rows)] }),
            "families": .array(families.sorted { $0.key.rawValue < $1.key.rawValue }.map { family, process in
                let likeness = process.likeness
                return [
                    "family": JSON(family.rawValue),
                    "likeness": ["common": JSON(likeness.common), "kernel": JSON(likeness.kernel), "shape": JSON(likeness.shape), "time": JSON(likeness.time),
                                 "trend": JSON(likeness.trend), "noise": JSON(likeness.noise), "reach": JSON(likeness.reach)],
                    "points": .array(process.points.map {
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
        var families: [KernelKey.Family: GaussianProcess] = [:]
        for item in try reader.require("families").array() {
            var members = try item.object()
            let family: KernelKey.Family = try members.require("family").choice()
            let likeness = try GaussianProcess.Likeness(reading: try members.require("likeness"))
            let list = try members.require("points"), size = Self.scales(of: family).count
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
            families[family] = process
        }
        try reader.finish()
        self.init(device: device, version: version, date: date, sources: sources, families: families)
    }
}

extension GaussianProcess.Likeness {
    init(reading document: Document) throws(DocumentError) {
        self.init()
        var reader = try document.object()
        func variance(_ key: String) throws(DocumentError) -> Double { try reader.require(key).number(in: 0...100) }
        common = try variance("common")
        kernel = try variance("kernel")
        shape = try variance("shape")
        time = try variance("time")
        trend = try variance("trend")
        noise = try reader.require("noise").number(in: 1e-6...100)
        reach = try reader.require("reach").number(in: 1e-3...1000)
        try reader.finish()
    }
}
