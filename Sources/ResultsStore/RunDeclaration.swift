/// What is known of a run before its first point: what a sweep hands to the store to begin it.
public struct RunDeclaration: Sendable {
    /// Hash of the grid, of all that it rests on and of the program's version: equal keys, equal results.
    public var key: [UInt8]
    public var name: String
    public var summary: String
    public var version: String
    public var costModel: String
    public var grid: String
    public var strategy: String
    /// Places of the whole run, and those that this file is to hold.
    public var size: Int
    public var due: Int
    public var shard: Int
    public var shards: Int
    public var axes: [SweepResults.Axis]
    /// What `PointRecord.values` holds, in this order.
    public var metrics: [SweepResults.Metric]
    public var objectives: [SweepResults.Objective]
    public var constraints: [SweepResults.Constraint]
    public var specs: [Spec]

    public struct Spec: Sendable {
        /// SHA-256 of the content.
        public var hash: [UInt8]
        public var kind: String
        public var name: String
        public var content: String

        public init(hash: [UInt8], kind: String, name: String, content: String) {
            self.hash = hash
            self.kind = kind
            self.name = name
            self.content = content
        }
    }

    public init(key: [UInt8], name: String, summary: String = "", version: String, costModel: String, grid: String, strategy: String = "exhaustive",
                size: Int, due: Int? = nil, shard: Int = 1, shards: Int = 1, axes: [SweepResults.Axis], metrics: [SweepResults.Metric],
                objectives: [SweepResults.Objective] = [], constraints: [SweepResults.Constraint] = [], specs: [Spec] = []) {
        self.key = key
        self.name = name
        self.summary = summary
        self.version = version
        self.costModel = costModel
        self.grid = grid
        self.strategy = strategy
        self.size = size
        self.due = due ?? size
        self.shard = shard
        self.shards = shards
        self.axes = axes
        self.metrics = metrics
        self.objectives = objectives
        self.constraints = constraints
        self.specs = specs
    }
}

/// The identity of a point: half a SHA-256 of all that its answer depends on.
public struct PointKey: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    /// - Parameter bytes: 16 of them.
    public init(_ bytes: [UInt8]) {
        precondition(bytes.count == 16, "a key has 16 bytes")
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    public var bytes: [UInt8] {
        [high, low].flatMap { word in stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) } }
    }
}

/// What stands at one place of a run.
public struct PointRecord: Sendable {
    public var place: Int
    public var key: PointKey
    /// Nil where the file already holds a point with this key.
    public var answer: Answer?

    public struct Answer: Sendable {
        public var outcome: SweepResults.Outcome
        public var reason: String?
        /// By metric of the run, `nan` where there is none.
        public var values: [Double]
        /// JSON, see `SweepResults.bases`.
        public var basis: String?
        public var operators: [StoredOperator]

        public init(outcome: SweepResults.Outcome, reason: String? = nil, values: [Double], basis: String? = nil, operators: [StoredOperator] = []) {
            self.outcome = outcome
            self.reason = reason
            self.values = values
            self.basis = basis
            self.operators = operators
        }
    }

    public init(place: Int, key: PointKey, answer: Answer?) {
        self.place = place
        self.key = key
        self.answer = answer
    }
}
