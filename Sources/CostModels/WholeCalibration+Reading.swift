import Documents
import Quantities

extension WholeCalibration {
    /// - Parameter part: `steps` or `power`, which have parameters of their own.
    init(reading document: Document, of part: String) throws(DocumentError) {
        var reader = try document.object()
        let rows = try reader.require("rows").integer(in: 1...1_000_000_000)
        let parameters = try reader.require("parameters")
        let known = Parameter.allCases.filter { $0.part == part }
        var fitted: [Parameter: Fitted] = [:]
        for (name, value) in try parameters.members() {
            guard let parameter = known.first(where: { $0.rawValue == name }) else {
                let names = known.map(\.rawValue)
                throw value.error("is no parameter of \"\(part)\"; " + (nearest(to: name, among: names).map { "did you mean \"\($0)\"?" } ?? "there are \(Documents.list(names))"))
            }
            guard fitted[parameter] == nil else { throw value.error("stands here twice") }
            var members = try value.object()
            let number = try parameter.read(try members.require("value")), error = try parameter.read(try members.require("error"), isError: true)
            try members.finish()
            fitted[parameter] = Fitted(value: number, error: error)
        }
        guard !fitted.isEmpty else { throw parameters.error("is empty: without any parameter there is no calibration") }
        let training = try KernelCalibration.Score(reading: try reader.require("training"))
        let validation = try KernelCalibration.Score(reading: try reader.require("validation"))
        try reader.finish()
        self.init(fitted: fitted, rows: rows, training: training, validation: validation)
    }

    var json: JSON {
        let parameters = Parameter.allCases.compactMap { parameter in
            fitted[parameter].map { JSON.Member(key: parameter.rawValue, value: ["value": parameter.json($0.value), "error": parameter.json($0.error)]) }
        }
        return ["rows": JSON(rows), "parameters": .object(parameters), "training": training.json, "validation": validation.json]
    }
}

extension WholeCalibration.Parameter {
    /// Which object of a file it stands in.
    public var part: String {
        switch self {
        case .board, .compute, .traffic, .sensorLag: "power"
        default: "steps"
        }
    }

    /// What its value may be: an efficiency never above 1, nothing below 0, nothing longer than an hour or above 100 kW.
    fileprivate func read(_ document: Document, isError: Bool = false) throws(DocumentError) -> Double {
        let value: Double, limit: Double
        switch unit {
        case "s": (value, limit) = (try document.quantity(Seconds.self).value, 3600)
        case "W": (value, limit) = (try document.quantity(Watts.self).value, 1e5)
        default:
            if isError { return try document.number(in: 0...1e6) }
            return isEfficiency ? try document.number(in: 1e-6...1) : try document.number(in: 0...1e6)
        }
        guard value <= limit else { throw document.error("is more than \(significant(limit)) \(unit)") }
        return value
    }

    fileprivate func json(_ value: Double) -> JSON {
        let digits = significant(value, digits: 5)
        return unit.isEmpty ? .number(digits) : .string("\(digits) \(unit)")
    }
}
