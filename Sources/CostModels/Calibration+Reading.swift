import Documents
import Hardware
import Quantities

extension Calibration {
    /// Reads what `orrery calibrate` wrote.
    public init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let device = try reader.require("device").string(), runtime = try reader.require("runtime").string()
        let version = try reader.require("version").string()
        let date = try reader.require("date").string()
        var sources: [Source] = []
        for item in try reader.require("sources").array() {
            var source = try item.object()
            sources.append(Source(file: try source.require("file").string(), rows: try source.require("rows").integer(in: 1...1_000_000_000)))
            try source.finish()
        }
        let list = try reader.require("kernels")
        var kernels: [KernelCalibration] = [], names: Set<[String]> = []
        for item in try list.array() {
            let kernel = try KernelCalibration(reading: item)
            guard names.insert([kernel.key.family.rawValue, kernel.key.format, kernel.key.variant, kernel.kernel]).inserted else {
                throw item.error("stands here twice: a kernel has one calibration for each family, format and variant")
            }
            kernels.append(kernel)
        }
        let steps = try reader.optional("steps").map { (part) throws(DocumentError) in try WholeCalibration(reading: part, of: "steps") }
        let power = try reader.optional("power").map { (part) throws(DocumentError) in try WholeCalibration(reading: part, of: "power") }
        guard !kernels.isEmpty || steps != nil || power != nil else { throw list.error("is empty, and there is neither \"steps\" nor \"power\"") }
        try reader.finish()
        self.init(device: device, runtime: runtime, version: version, date: date, sources: sources, kernels: kernels, steps: steps, power: power)
    }
}

extension KernelCalibration {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        let family: KernelKey.Family = try reader.require("family").choice()
        let format = try reader.require("format").string()
        let variant = try reader.optional("variant")?.string() ?? "", kernel = try reader.optional("kernel")?.string() ?? ""
        let rows = try reader.require("rows").integer(in: 1...1_000_000_000)
        let plan = try reader.optional("plan").map { (part) throws(DocumentError) in try AttentionPlan(reading: part) }
        let parameters = try reader.require("parameters")
        var fitted: [Parameter: Fitted] = [:]
        for (name, value) in try parameters.members() {
            guard let parameter = Parameter(rawValue: name) else {
                let known = Parameter.allCases.map(\.rawValue)
                throw value.error("is no parameter of a calibration; " + (nearest(to: name, among: known).map { "did you mean \"\($0)\"?" } ?? "there are \(Documents.list(known))"))
            }
            guard fitted[parameter] == nil else { throw value.error("stands here twice") }
            var members = try value.object()
            let number = try parameter.read(try members.require("value")), error = try parameter.read(try members.require("error"), isError: true)
            try members.finish()
            fitted[parameter] = Fitted(value: number, error: error)
        }
        guard !fitted.isEmpty else { throw parameters.error("is empty: a kernel without any parameter has no calibration") }
        let training = try Score(reading: try reader.require("training")), validation = try Score(reading: try reader.require("validation"))
        try reader.finish()
        self.init(key: KernelKey(family, format: format, variant: variant), kernel: kernel, plan: plan, fitted: fitted, rows: rows, training: training, validation: validation)
    }
}

extension KernelCalibration.Parameter {
    /// What its value may be: an efficiency never above 1, nothing below 0, nothing longer than an hour.
    fileprivate func read(_ document: Document, isError: Bool = false) throws(DocumentError) -> Double {
        switch unit {
        case "s": return try within(3600, document, try document.quantity(Seconds.self).value)
        case "B": return try within(1e15, document, try document.quantity(Bytes.self).value)
        default:
            if isError { return try document.number(in: 0...1e6) }
            return isEfficiency ? try document.number(in: 1e-6...1) : try document.number(in: 0...1e6)
        }
    }

    private func within(_ limit: Double, _ document: Document, _ value: Double) throws(DocumentError) -> Double {
        guard value <= limit else { throw document.error("is more than \(significant(limit)) \(unit)") }
        return value
    }
}

extension KernelCalibration.Score {
    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        self.init(rows: try reader.require("rows").integer(in: 0...1_000_000_000), medianAPE: try reader.require("medianApe").number(in: 0...1e9),
                  mape: try reader.require("mape").number(in: 0...1e9))
        try reader.finish()
    }
}

extension Calibration {
    /// The file's content.
    public var json: JSON {
        let all: JSON = ["$schema": "../schemas/calibration.schema.json", "device": JSON(device), "runtime": JSON(runtime), "version": JSON(version), "date": JSON(date),
         "sources": .array(sources.map { ["file": JSON($0.file), "rows": JSON($0.rows)] }), "kernels": .array(kernels.map(\.json))]
        guard case .object(var members) = all else { return all }
        if let steps { members.append(.init(key: "steps", value: steps.json)) }
        if let power { members.append(.init(key: "power", value: power.json)) }
        return .object(members)
    }
}

extension KernelCalibration {
    var json: JSON {
        var members: [JSON.Member] = [.init(key: "family", value: JSON(key.family.rawValue)), .init(key: "format", value: JSON(key.format))]
        if !key.variant.isEmpty { members.append(.init(key: "variant", value: JSON(key.variant))) }
        if !kernel.isEmpty { members.append(.init(key: "kernel", value: JSON(kernel))) }
        let parameters = Parameter.allCases.compactMap { parameter in
            fitted[parameter].map { JSON.Member(key: parameter.rawValue, value: ["value": parameter.json($0.value), "error": parameter.json($0.error)]) }
        }
        if let plan { members.append(.init(key: "plan", value: plan.json)) }
        members += [.init(key: "rows", value: JSON(rows)), .init(key: "parameters", value: .object(parameters)),
                    .init(key: "training", value: training.json), .init(key: "validation", value: validation.json)]
        return .object(members)
    }
}

extension KernelCalibration.Parameter {
    fileprivate func json(_ value: Double) -> JSON {
        let digits = significant(value, digits: 5)
        return unit.isEmpty ? .number(digits) : .string("\(digits) \(unit)")
    }
}

extension KernelCalibration.Score {
    var json: JSON {
        func rounded(_ value: Double) -> JSON { .number(significant(value, digits: 4)) }
        return ["rows": JSON(rows), "medianApe": rounded(medianAPE), "mape": rounded(mape)]
    }
}
