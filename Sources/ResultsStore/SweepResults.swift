/// A sweep as read from its file: what was varied, what was asked for, and what came out at every place.
public struct SweepResults: Sendable {
    public var run: Run
    /// In the order of the grid.
    public var axes: [Axis]
    /// What `Point.values` holds, in this order.
    public var metrics: [Metric]
    public var objectives: [Objective]
    public var constraints: [Constraint]
    /// By place.
    public var points: [Point]
    /// What figures rest on; `Point.basis` is an index into it. Each is a JSON object with `costModel`, `system`, `runtime`,
    /// `calibration`, `inherited`, `recalled` and `notes`.
    public var bases: [String]
    /// Files that the run rests on.
    public var specs: [Spec]

    public struct Run: Sendable, Equatable {
        public var id: Int64
        public var name: String
        public var summary: String
        /// Of the program.
        public var version: String
        public var costModel: String
        /// The grid file, as JSON.
        public var grid: String
        /// `exhaustive`, `random`, `sobol` or `search`.
        public var strategy: String
        /// Seconds since 1970.
        public var started: Double
        /// Nil while points are missing.
        public var finished: Double?
        /// Places of the whole run; of a search, the most it may evaluate.
        public var size: Int
        /// 1 … shards: this file holds every shards-th place.
        public var shard: Int
        public var shards: Int
        /// Places that this file is to hold.
        public var due: Int
    }

    public struct Axis: Sendable, Equatable {
        /// As the grid names it: `device.memory[dram].bandwidth`.
        public var path: String
        /// Short, and its own among the axes of the run: `bandwidth`.
        public var name: String
        public var values: [Value]
        /// `place / stride % values.count` is the choice at a place; zipped axes share it.
        public var stride: Int

        public init(path: String, name: String, values: [Value], stride: Int) {
            self.path = path
            self.name = name
            self.values = values
            self.stride = stride
        }

        public struct Value: Sendable, Equatable {
            /// As the grid writes it.
            public var label: String
            /// In the base unit, nil for a name.
            public var number: Double?

            public init(label: String, number: Double? = nil) {
                self.label = label
                self.number = number
            }
        }

        /// Whether all its values are numbers, so that it has a scale.
        public var isNumeric: Bool { values.allSatisfy { $0.number != nil } }
        public func choice(at place: Int) -> Int { place / stride % values.count }
    }

    public struct Metric: Sendable, Equatable {
        /// As objectives, constraints and SQL name it: `tpot`.
        public var name: String
        /// `s`, `J`, `W`, `B`, `tokens/s`, a currency; empty for a ratio.
        public var unit: String
        /// As a reader calls it: `time per output token`.
        public var title: String

        public init(name: String, unit: String, title: String) {
            self.name = name
            self.unit = unit
            self.title = title
        }
    }

    public struct Objective: Sendable, Equatable {
        public enum Goal: String, Sendable, CaseIterable {
            case min, max
        }

        public var metric: String
        public var goal: Goal

        public init(metric: String, goal: Goal) {
            self.metric = metric
            self.goal = goal
        }
    }

    public struct Constraint: Sendable, Equatable {
        public enum Relation: String, Sendable, CaseIterable {
            case atMost = "<=", atLeast = ">="
        }

        public var metric: String
        public var relation: Relation
        /// In the unit of the metric.
        public var bound: Double
        /// As the grid writes it: `<= 50 ms`.
        public var label: String

        public init(metric: String, relation: Relation, bound: Double, label: String) {
            self.metric = metric
            self.relation = relation
            self.bound = bound
            self.label = label
        }

        public func holds(_ value: Double) -> Bool {
            switch relation {
            case .atMost: value <= bound
            case .atLeast: value >= bound
            }
        }
    }

    public enum Outcome: Int, Sendable {
        case computed, doesNotFit, invalid
    }

    public struct Point: Sendable, Equatable {
        public var place: Int
        /// Its row in `points`: equal ones are equal points.
        public var id: Int64
        public var outcome: Outcome
        /// Why there is no answer.
        public var reason: String?
        /// By metric, `nan` where there is none.
        public var values: [Double]
        public var basis: Int?
    }

    public struct Spec: Sendable, Equatable {
        /// SHA-256 of the content, in hexadecimal digits.
        public var hash: String
        /// `device`, `system`, `runtime`, `model`, `job`, `calibration`.
        public var kind: String
        public var name: String
        public var content: String
    }
}
