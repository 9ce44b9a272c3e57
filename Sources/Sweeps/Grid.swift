import Documents
import Hardware
import Quantities
import ResultsStore
import Scenarios

/// What a sweep varies, what it keeps fixed, and what it is asked: a grid file, format in Documentation/Sweeps.md.
public struct Grid: Sendable {
    /// More places than this are not walked one by one.
    public static let mostPlaces = 10_000_000

    public let id: String
    public let name: String
    public let summary: String
    public let file: String
    /// As it was written.
    public let json: JSON
    /// What is kept fixed, where an axis does not say otherwise. `job` is a name, or a whole job.
    let job: Document?
    let device: String?
    let system: String?
    let runtime: String?
    let calibration: String?
    public private(set) var fidelity: Scenario.Fidelity
    let axes: [GridAxis]
    let filters: [GridFilter]
    public let constraints: [SweepResults.Constraint]
    public let objectives: [SweepResults.Objective]
    let prices: Prices?
    public private(set) var strategy: Strategy
    /// Places before the filters; each has a number, the last axis running fastest.
    public let places: Int
    /// By axis: how far apart two places are that differ in its choice by one.
    let strides: [Int]

    /// - Throws: `DocumentError` for whatever is wrong with the grid by itself. What it names is looked up by `Sweep`.
    public init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        id = identifier(of: document.file)
        name = try reader.optional("name")?.string() ?? id
        summary = try reader.optional("description")?.string() ?? ""
        file = document.file
        json = document.json
        job = reader.optional("job")
        device = try reader.optional("device")?.string()
        let place = reader.optional("system")
        system = try place?.string()
        if device != nil, let place { throw place.malformed("a sweep starts from a device or from a system, not from both") }
        runtime = try reader.optional("runtime")?.string()
        calibration = try reader.optional("calibration")?.string()
        fidelity = try reader.optional("costModel")?.choice() ?? .cycle
        let section = try reader.require("axes")
        let axes = try Self.axes(section)
        self.axes = axes
        var filters: [GridFilter] = []
        for part in try reader.optional("filters")?.array() ?? [] { filters.append(try GridFilter(reading: part, axes: axes)) }
        self.filters = filters
        prices = try reader.optional("prices").map { part throws(DocumentError) in try Prices(reading: part) }
        let currency = prices?.currency ?? Prices.usual
        constraints = try reader.optional("constraints").map { part throws(DocumentError) in try Self.constraints(part, currency) } ?? []
        objectives = try Self.objectives(try reader.require("objectives"))
        let chosen = reader.optional("strategy")
        strategy = try chosen.map { part throws(DocumentError) in try Strategy(reading: part) } ?? .exhaustive
        try reader.finish()

        var strides = [Int](repeating: 1, count: axes.count), places = 1
        for (index, axis) in axes.enumerated().reversed() {
            strides[index] = places
            let (product, overflow) = places.multipliedReportingOverflow(by: axis.choices.count)
            guard !overflow, product < 1 << 53 else { throw section.malformed("make more than \(1 << 53) points, which nobody numbers; use fewer values") }
            places = product
        }
        self.strides = strides
        self.places = places
        if case .exhaustive = strategy, places > Self.mostPlaces {
            throw section.malformed("make \(grouped(places)) points, more than the \(grouped(Self.mostPlaces)) that are tried one by one; "
                + "use fewer values, or \"strategy\": { \"kind\": \"search\", \"points\": 2000 } (or \"random\", \"sobol\")")
        }
    }

    /// Whether a file is a grid: told from the schema that it names, or from the key that only a grid has.
    public static func describes(_ document: Document) -> Bool {
        if case .string(let schema)? = document.json["$schema"] { return schema.hasSuffix("grid.schema.json") }
        return document.json["axes"] != nil
    }

    /// Everything that a price could hang on needs one.
    var needsPrices: Bool {
        let priced = [Metric.price.rawValue, Metric.costPerMillionTokens.rawValue]
        return objectives.contains { priced.contains($0.metric) } || constraints.contains { priced.contains($0.metric) }
    }

    /// The same grid under another cost model.
    ///
    /// - Throws: `DocumentError` where an axis varies the cost model.
    public func with(_ fidelity: Scenario.Fidelity) throws(DocumentError) -> Grid {
        if axes.contains(where: { $0.targets.contains { $0.subject == .costModel } }) {
            throw DocumentError(file: file, path: "axes.costModel", message: "varies the cost model; leave out --cost-model, or the axis")
        }
        var grid = self
        grid.fidelity = fidelity
        return grid
    }

    /// The same grid under another strategy.
    public func with(_ strategy: Strategy) -> Grid {
        var grid = self
        grid.strategy = strategy
        return grid
    }

    // MARK: Places

    func choices(at place: Int) -> [Int] { axes.indices.map { place / strides[$0] % axes[$0].choices.count } }

    func place(of choices: [Int]) -> Int { zip(choices, strides).reduce(0) { $0 + $1.0 * $1.1 } }

    func isKept(_ choices: [Int]) -> Bool { filters.allSatisfy { $0.keeps(choices) } }

    // MARK: Reading

    private static func axes(_ section: Document) throws(DocumentError) -> [GridAxis] {
        var axes: [GridAxis] = [], known: [AxisTarget] = []
        for (key, value) in try section.members() {
            let axis = try GridAxis(key, reading: value)
            for target in axis.targets {
                if known.contains(target) { throw value.malformed("\"\(target.text)\" is varied twice") }
                known.append(target)
            }
            axes.append(axis)
        }
        guard !axes.isEmpty else { throw section.malformed("is empty; name at least one thing to vary, as in { \"job.batch\": [1, 8, 64] }") }
        guard axes.count <= 40 else { throw section.malformed("are \(axes.count); use at most 40, zipping those that go together") }
        if known.contains(where: { $0.subject == .device && $0.path.isEmpty }), known.contains(where: { $0.subject == .system && $0.path.isEmpty }) {
            throw section.malformed("vary both \"device\" and \"system\"; a system names its devices, so vary one of them")
        }
        return axes
    }

    private static func constraints(_ section: Document, _ currency: String) throws(DocumentError) -> [SweepResults.Constraint] {
        var constraints: [SweepResults.Constraint] = []
        for (key, value) in try section.members() {
            if key == "fits" {
                guard try value.bool() else { throw value.malformed("a job that does not fit has no figures; leave it out") }
                continue
            }
            let metric = try metric(key, value)
            let bounds: [Document] = if case .array = value.json { try value.array() } else { [value] }
            for bound in bounds { constraints.append(try constraint(on: metric, bound, currency)) }
            let own = constraints.filter { $0.metric == metric.rawValue }
            if let most = own.filter({ $0.relation == .atMost }).min(by: { $0.bound < $1.bound }),
               let least = own.filter({ $0.relation == .atLeast }).max(by: { $0.bound < $1.bound }), least.bound > most.bound {
                throw value.malformed("\"\(most.label)\" and \"\(least.label)\" contradict each other: no point keeps both")
            }
        }
        return constraints
    }

    private static func metric(_ name: String, _ document: Document) throws(DocumentError) -> Metric {
        if let metric = Metric(rawValue: name) { return metric }
        let known = Metric.allCases.map(\.rawValue)
        let hint = nearest(to: name, among: known).map { "did you mean \"\($0)\"?" } ?? "use \(list(known))"
        throw document.malformed("\"\(name)\" is no metric; \(hint)")
    }

    private static func constraint(on metric: Metric, _ document: Document, _ currency: String) throws(DocumentError) -> SweepResults.Constraint {
        let text = try document.string()
        guard let relation = SweepResults.Constraint.Relation.allCases.first(where: { text.hasPrefix($0.rawValue) }) else {
            throw document.malformed("\"\(text)\" is no constraint; write \"<= 50 ms\" or \">= 50 ms\"")
        }
        let rest = String(text.dropFirst(relation.rawValue.count).drop { $0 == " " })
        let bound = try metric.value(parsing: rest, currency: currency, document)
        if relation == .atMost, bound <= 0, metric != .memoryFree { throw document.malformed("\"\(text)\": no \(metric.title) is that small") }
        return .init(metric: metric.rawValue, relation: relation, bound: bound, label: text)
    }

    private static func objectives(_ section: Document) throws(DocumentError) -> [SweepResults.Objective] {
        var objectives: [SweepResults.Objective] = []
        for item in try section.array() {
            let words = try item.string().split(separator: " ").map(String.init)
            let metric = try metric(words.last ?? "", item)
            var goal = metric.usualGoal
            if words.count > 1 {
                guard words.count == 2, let stated = SweepResults.Objective.Goal(rawValue: words[0]) else {
                    throw item.malformed("is no objective; write \"\(metric.rawValue)\", \"min \(metric.rawValue)\" or \"max \(metric.rawValue)\"")
                }
                goal = stated
            }
            guard !objectives.contains(where: { $0.metric == metric.rawValue }) else { throw item.malformed("\"\(metric.rawValue)\" stands here twice") }
            objectives.append(.init(metric: metric.rawValue, goal: goal))
        }
        guard !objectives.isEmpty else { throw section.malformed("is empty; name at least one metric, as in [\"tpot\", \"energyPerToken\"]") }
        return objectives
    }
}

/// A whole number with its thousands apart.
func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.enumerated().reduce(into: "") { $0 += ($1.offset > 0 && (digits.count - $1.offset) % 3 == 0 ? "," : "") + String($1.element) }
}
