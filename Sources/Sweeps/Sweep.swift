import Documents
import Hardware
import ResultsStore
import Scenarios
import Simulation

/// A grid with everything that it names looked up and tried: nothing runs that cannot.
///
///     let sweep = try Sweep(Grid(reading: Document(contentsOf: "grid.json")), in: Library())
///     let outcome = try sweep.run(into: ResultsStore(writing: "sweep.db"))
public struct Sweep: Sendable {
    public let grid: Grid
    public let library: Library
    /// In the order in which they are answered: by number. Of a search, none: it chooses as it goes.
    public let places: [Int]
    /// Places of the whole run, in this shard or another; of a search, the most that it evaluates.
    public let size: Int
    public let shard: Shard
    /// Whether the operators of each point are kept as well.
    public let keepsOperators: Bool

    /// Every `count`-th place from the `number`-th.
    public struct Shard: Sendable, Equatable {
        /// 1 … count
        public var number: Int
        public var count: Int

        public init(number: Int = 1, count: Int = 1) {
            self.number = number
            self.count = count
        }
    }

    /// - Throws: `DocumentError` where the grid names something that is not there, or that has no such value, where what it
    ///   asks for never exists in its jobs, and where no point is left.
    public init(_ grid: Grid, in library: Library, shard: Shard = Shard(), keepingOperators: Bool = false) throws(DocumentError) {
        self.grid = grid
        self.library = library
        self.shard = shard
        keepsOperators = keepingOperators
        let bench = Bench(grid, library)
        let trial = GridTrial(bench)
        try trial.run()
        if case .search(let points, _) = grid.strategy {
            guard shard.count == 1 else {
                throw DocumentError(file: grid.file, path: "strategy", message: "a search has no shards: each step depends on the one before; use \"exhaustive\", \"random\" or \"sobol\"")
            }
            places = []
            size = min(points, grid.places)
        } else {
            let all = grid.chosenPlaces()
            guard !all.isEmpty else { throw DocumentError(file: grid.file, path: "filters", message: "leave no point") }
            places = stride(from: shard.number - 1, to: all.count, by: shard.count).map { all[$0] }
            size = all.count
        }
        specs = trial.specs
    }

    /// What the run rests on: every file that the trial read.
    let specs: [RunDeclaration.Spec]

    /// The scenario at a place, as it was or will be answered.
    ///
    /// - Throws: `DocumentError` where the choices contradict each other.
    public func scenario(at place: Int) throws(DocumentError) -> Scenario {
        try Bench(grid, library).build(grid.choices(at: place)).scenario
    }

    /// What everything in the run depends on besides its places.
    var salt: [UInt8] { Array("orrery \(orreryVersion) \(keepsOperators ? "operators" : "") ".utf8) }

    var declaration: RunDeclaration {
        let currency = grid.prices?.currency ?? Prices.usual
        let files = specs.map { "\($0.kind) \($0.name) \(ContentHash(of: $0.content))" }.sorted().joined(separator: "\n")
        return RunDeclaration(
            key: ContentHash(of: salt + Array("\(grid.fidelity.rawValue) \(grid.strategy)\n\(grid.json.compact)\n\(files)".utf8)).bytes,
            name: grid.name, summary: grid.summary, version: orreryVersion, costModel: grid.fidelity.rawValue, grid: grid.json.text(), strategy: grid.strategy.name,
            size: size, due: grid.strategy.isFixed ? places.count : size, shard: shard.number, shards: shard.count, axes: grid.storedAxes,
            metrics: Metric.allCases.map { $0.described(currency: currency) }, objectives: grid.objectives, constraints: grid.constraints, specs: specs)
    }
}

extension Grid {
    /// The places that the strategy tries, in their order.
    func chosenPlaces() -> [Int] {
        switch strategy {
        case .exhaustive:
            guard !filters.isEmpty else { return Array(0..<places) }
            return (0..<places).filter { isKept(choices(at: $0)) }
        case .random(let points, let seed): return Sampling.random(points, of: self, seed: seed)
        case .sobol(let points): return Sampling.sobol(points, of: self)
        case .search: return []
        }
    }

    /// One column for each thing that varies, under a name of its own.
    var storedAxes: [SweepResults.Axis] {
        let targets = axes.flatMap(\.targets)
        func name(_ target: AxisTarget) -> String {
            let short = target.shortName, taken = targets.count { $0.shortName == short } > 1 || Metric(rawValue: short) != nil || ["place", "outcome", "reason"].contains(short)
            return taken ? target.text : short
        }
        return zip(axes, strides).flatMap { axis, stride in
            axis.targets.enumerated().map { column, target in
                let values = axis.choices.map { SweepResults.Axis.Value(label: $0[column].label, number: $0[column].number) }
                return SweepResults.Axis(path: target.text, name: name(target), values: values, stride: stride)
            }
        }
    }
}
