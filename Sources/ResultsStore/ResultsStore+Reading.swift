internal import GRDB

extension ResultsStore {
    /// All runs of the file, in the order in which they were begun.
    public func runs() throws -> [SweepResults.Run] { try read { try Self.runs($0) } }

    /// Places of a run that are answered.
    public func count(ofRun id: Int64) throws -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM places WHERE run = ?", arguments: [id]) } ?? 0
    }

    static func runs(_ db: Database) throws -> [SweepResults.Run] {
        try Row.fetchAll(db, sql: "SELECT * FROM runs ORDER BY id").map { row in
            SweepResults.Run(id: row["id"], name: row["name"], summary: row["summary"], version: row["version"], costModel: row["costModel"], grid: row["grid"],
                             strategy: row["strategy"], started: row["started"], finished: row["finished"], size: row["size"], shard: row["shard"],
                             shards: row["shards"], due: row["due"])
        }
    }

    /// A run with all its points.
    ///
    /// - Parameter id: the latest run where none is given.
    /// - Throws: `StoreError` where the file has no such run.
    public func sweep(_ id: Int64? = nil) throws -> SweepResults {
        var sweep = try declarations(of: try sweepRun(id))
        try read { try sweep.readPoints($0) }
        return sweep
    }

    /// A run by number, the latest where none is given.
    func sweepRun(_ id: Int64?) throws -> SweepResults.Run {
        let runs = try runs()
        guard let run = id.map({ id in runs.first { $0.id == id } }) ?? runs.last else {
            let there = runs.isEmpty ? "it holds none yet" : "it holds \(runs.map { "\($0.id)" }.joined(separator: ", "))"
            throw StoreError(path: path, message: "has no run\(id.map { " \($0)" } ?? ""); \(there)")
        }
        return run
    }

    /// A run without its points.
    public func declarations(of run: SweepResults.Run) throws -> SweepResults {
        var sweep = SweepResults(run: run, axes: [], metrics: [], objectives: [], constraints: [], points: [], bases: [], specs: [])
        try read { try sweep.readDeclarations($0) }
        return sweep
    }

    /// The operators that a sweep was asked to keep, as they were reported; empty for a point without.
    public func operators(ofPoint id: Int64) throws -> [StoredOperator] {
        try read { try Self.operators(ofPoint: id, $0) }
    }

    static func operators(ofPoint id: Int64, _ db: Database) throws -> [StoredOperator] {
        try Row.fetchAll(try db.cachedStatement(sql: "SELECT * FROM operators WHERE point = ? ORDER BY ordinal"), arguments: [id]).map { row in
            StoredOperator(name: row["name"], kind: row["kind"], device: row["device"], count: row["count"], seconds: row["seconds"], flops: row["flops"],
                           bytes: row["bytes"], joules: row["joules"], bound: row["bound"], choice: row["choice"])
        }
    }
}

/// One operator of a point: in base units, summed over the job.
public struct StoredOperator: Sendable, Equatable {
    public var name: String
    public var kind: String
    /// Group of the system.
    public var device: String
    /// Executions over the job and all devices.
    public var count: Double
    public var seconds: Double
    public var flops: Double
    public var bytes: Double
    public var joules: Double
    /// What bounds it for most of its time.
    public var bound: String
    public var choice: String

    public init(name: String, kind: String, device: String, count: Double, seconds: Double, flops: Double, bytes: Double, joules: Double, bound: String, choice: String) {
        self.name = name
        self.kind = kind
        self.device = device
        self.count = count
        self.seconds = seconds
        self.flops = flops
        self.bytes = bytes
        self.joules = joules
        self.bound = bound
        self.choice = choice
    }
}

extension SweepResults {
    fileprivate mutating func readDeclarations(_ db: Database) throws {
        var values: [Int: [Axis.Value]] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT axis, label, number FROM axisValues WHERE run = ? ORDER BY axis, choice", arguments: [run.id]) {
            values[row[0], default: []].append(Axis.Value(label: row[1], number: row[2]))
        }
        axes = try Row.fetchAll(db, sql: "SELECT axis, path, name, stride FROM axes WHERE run = ? ORDER BY axis", arguments: [run.id]).map { row in
            Axis(path: row[1], name: row[2], values: values[row[0]] ?? [], stride: row[3])
        }
        objectives = try Row.fetchAll(db, sql: "SELECT metric, goal FROM objectives WHERE run = ? ORDER BY ordinal", arguments: [run.id]).map { row in
            Objective(metric: row[0], goal: Objective.Goal(rawValue: row[1]) ?? .min)
        }
        constraints = try Row.fetchAll(db, sql: "SELECT metric, relation, bound, label FROM constraints WHERE run = ? ORDER BY ordinal", arguments: [run.id]).map { row in
            Constraint(metric: row[0], relation: Constraint.Relation(rawValue: row[1]) ?? .atMost, bound: row[2], label: row[3])
        }
        specs = try Row.fetchAll(db, sql: "SELECT lower(hex(hash)), kind, name, content FROM specs JOIN runSpecs USING (hash) WHERE run = ? ORDER BY kind, name",
                                 arguments: [run.id]).map { Spec(hash: $0[0], kind: $0[1], name: $0[2], content: $0[3]) }
        metrics = try Row.fetchAll(db, sql: "SELECT name, unit, title FROM metricKinds ORDER BY id").map { Metric(name: $0[0], unit: $0[1], title: $0[2]) }
    }

    fileprivate mutating func readPoints(_ db: Database) throws {
        let kinds = try Int64.fetchAll(db, sql: "SELECT id FROM metricKinds ORDER BY id")
        let column = Dictionary(uniqueKeysWithValues: kinds.enumerated().map { ($1, $0) })
        var basisIndex: [Int64: Int] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT id, content FROM bases ORDER BY id") {
            basisIndex[row[0]] = bases.count
            bases.append(row[1])
        }
        let rows = try Row.fetchCursor(db, sql: """
            SELECT place, point, outcome, reason, basis FROM places JOIN points ON points.id = places.point WHERE run = ? ORDER BY place
            """, arguments: [run.id])
        let values = try db.makeStatement(sql: "SELECT kind, value FROM metrics WHERE point = ?")
        while let row = try rows.next() {
            let basis: Int64? = row[4]
            var point = Point(place: row[0], id: row[1], outcome: Outcome(rawValue: row[2]) ?? .invalid, reason: row[3],
                              values: Array(repeating: .nan, count: kinds.count), basis: basis.flatMap { basisIndex[$0] })
            let found = try Row.fetchCursor(values, arguments: [point.id])
            while let metric = try found.next() {
                if let index = column[metric[0]] { point.values[index] = metric[1] }
            }
            points.append(point)
        }
    }
}
