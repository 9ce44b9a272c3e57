#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import Operators
import Quantities

/// What one kernel of a library really takes on one device, beyond what the cost model knows.
///
/// With the demand of the model (latency `L`, engine `E`, vector `V`, cache `C`, memory `M`, link `K`) the kernel takes
///
///     overhead + latency·L + perDepth·depth + perInput·inputs + perOutput·outputs + perGroup·groups + perPeer·peers
///       + perMessage·messages + perUnitMessage·messages÷units + perUnitByte·bytes÷units + perWeight·weights + perColumn·columns + combine·(the context is cut) + perPlace·places
///       + max(E ÷ engineEfficiency, V ÷ engineEfficiency, C·cache, F·feed, M ÷ memoryEfficiency,
///                                   K ÷ linkEfficiency · (1 + √(rampBytes ÷ bytes)))
///
/// or, where that is sooner, an all-reduce in one shot: oneShotOverhead + perPeer·peers + K ÷ oneShotEfficiency of the bytes that every
/// member then reads, the whole buffer of each other one;
///
/// with the cache time told apart for attention alone: `C` of the cache that all units share, `F` of what the busiest unit takes in from it;
/// with `1 − overlap` of what is shorter than the longest of those times behind it, and never less than the physical bound of the operator.
public struct KernelCalibration: Sendable {
    public enum Parameter: String, CaseIterable, Sendable {
        /// Seconds of a call that no shape changes: its chain of launches, kernels that quantise or scale.
        case overhead
        /// Times the latencies of the model: floor of a kernel, fill and drain, messages.
        case latency
        /// Part of the engine's time that is spent on what the model counts.
        case engineEfficiency
        case memoryEfficiency
        /// Times the cache time of the model, whose rates inside a device no datasheet states.
        case cache
        /// Seconds for an element of the reduction, input, result; for an expert, another device, a token.
        case perDepth, perInput, perOutput, perGroup, perPeer, perMessage
        /// Seconds for a weight that is laid out in a packed block, and for a column of the result, whose weights begin a stream.
        case perWeight, perColumn
        case linkEfficiency
        /// Bytes at which a link reaches half its rate.
        case rampBytes
        /// Part of the shorter of the times of engine, cache and memory that is hidden behind the longest.
        case overlap
        /// Seconds below which no call came because the host had to launch it each time; not of the device.
        case hostFloor
        /// Seconds that one of the units that copy takes for a token, and for a byte, where their number is stated.
        case perUnitMessage, perUnitByte
        /// Of an all-reduce in which every member reads the others' whole buffers, as libraries do with short ones: seconds of a
        /// call, 0 where the kernel does not do that, and the part of the link's rate that it reaches.
        case oneShotOverhead, oneShotEfficiency
        /// Times the time in which the busiest unit takes in what its blocks of attention read, at the rate of its own memory: a block
        /// has only so many bytes under way.
        case feed
        /// Seconds more where the context of a block is cut and its parts are put together.
        case combine
        /// Seconds for an element of the result of a choice of a token, on whichever rank its expert lies: places that are cleared and
        /// added up.
        case perPlace

        /// The value that changes nothing.
        public var neutral: Double {
            switch self {
            case .latency, .engineEfficiency, .memoryEfficiency, .cache, .feed, .linkEfficiency, .overlap, .oneShotEfficiency: 1
            default: 0
            }
        }

        public var isEfficiency: Bool {
            switch self {
            case .engineEfficiency, .memoryEfficiency, .linkEfficiency, .overlap, .oneShotEfficiency: true
            default: false
            }
        }

        /// The unit of its value; empty for a ratio.
        public var unit: String {
            switch self {
            case .latency, .engineEfficiency, .memoryEfficiency, .cache, .feed, .linkEfficiency, .overlap, .oneShotEfficiency: ""
            case .rampBytes: "B"
            default: "s"
            }
        }
    }

    /// A parameter that was fitted, with its standard error.
    public struct Fitted: Sendable, Equatable {
        public var value: Double
        public var error: Double

        public init(value: Double, error: Double) {
            self.value = value
            self.error = error
        }
    }

    /// How far predictions lie from measurements: fractions, as in `orrery compare`.
    public struct Score: Sendable, Equatable {
        public var rows: Int
        public var medianAPE: Double
        public var mape: Double

        public init(rows: Int, medianAPE: Double, mape: Double) {
            self.rows = rows
            self.medianAPE = medianAPE
            self.mape = mape
        }
    }

    public var key: KernelKey
    /// Name of the kernel as the measured rows state it; empty when they do not.
    public var kernel: String
    /// How it cuts attention, where the rows tell.
    public var plan: AttentionPlan?
    /// What the data support; any other parameter has its neutral value.
    public var fitted: [Parameter: Fitted]
    public var rows: Int
    /// Of the rows it was fitted to, and of shapes it had not seen (cross-validation).
    public var training: Score
    public var validation: Score

    public init(key: KernelKey, kernel: String, plan: AttentionPlan? = nil, fitted: [Parameter: Fitted], rows: Int, training: Score, validation: Score) {
        self.key = key
        self.kernel = kernel
        self.plan = plan
        self.fitted = fitted
        self.rows = rows
        self.training = training
        self.validation = validation
    }

    /// How its callers use it is in its constants: the host's launches, the number of units.
    var isOfCaller: Bool { isOfHost || fitted[.perUnitMessage] != nil || fitted[.perUnitByte] != nil }

    /// No call of it was replayed from a graph.
    var isOfHost: Bool { fitted[.hostFloor] != nil }

    /// Where nobody measured the device: the constants of the same kernel on devices of other architectures, in place of fitted ones.
    var relatives: [KernelConstants] = []

    public var constants: KernelConstants {
        var constants = KernelConstants { fitted[$0]?.value ?? $0.neutral }
        constants.relatives = relatives
        return constants
    }
}

/// The values of a `KernelCalibration`, ready to be applied.
public struct KernelConstants: Sendable {
    private var values: [Double]
    /// Other sets of constants, of whose times the geometric mean is taken in place of the time under these values.
    var relatives: [KernelConstants] = []

    public init(_ value: (KernelCalibration.Parameter) -> Double) {
        values = Array(repeating: 0, count: KernelCalibration.Parameter.allCases.count)
        for parameter in KernelCalibration.Parameter.allCases { self[parameter] = value(parameter) }
    }

    public subscript(_ parameter: KernelCalibration.Parameter) -> Double {
        get { values[parameter.place] }
        set { values[parameter.place] = newValue }
    }

    /// The demand of the cost model with these constants.
    ///
    /// - Parameter bound: the physical bound of the same operator; what would be faster waits for it.
    public func apply(to demand: Demand, of operation: Operator, bound: Seconds) -> Demand {
        var demand = demand
        let work = KernelWorkload(operation, demand, bound: bound)
        let time = work.time(under: self)
        demand.engineTime = Seconds(time.engine)
        demand.vectorTime = Seconds(time.vector)
        demand.cacheTime = Seconds(time.cache)
        demand.memoryTime = Seconds(time.memory)
        demand.linkTime = Seconds(time.link)
        demand.latency = Seconds(time.latency)
        return demand
    }
}

extension KernelCalibration.Parameter {
    var place: Int {
        switch self {
        case .overhead: 0
        case .latency: 1
        case .engineEfficiency: 2
        case .memoryEfficiency: 3
        case .cache: 4
        case .perDepth: 5
        case .perInput: 6
        case .perOutput: 7
        case .perGroup: 8
        case .perPeer: 9
        case .perMessage: 10
        case .perWeight: 11
        case .perColumn: 12
        case .linkEfficiency: 13
        case .rampBytes: 14
        case .overlap: 15
        case .hostFloor: 16
        case .perUnitMessage: 17
        case .perUnitByte: 18
        case .oneShotOverhead: 19
        case .oneShotEfficiency: 20
        case .feed: 21
        case .combine: 22
        case .perPlace: 23
        }
    }
}

/// One operator as the constants of a kernel see it: the model's times and the measures of its shape.
public struct KernelWorkload: Sendable {
    let latency, engine, vector, cache, feed, memory, link, bound: Double
    let shape: KernelShape

    public init(_ operation: Operator, _ demand: Demand, bound: Seconds) {
        latency = demand.latency.value
        engine = demand.engineTime.value
        vector = demand.vectorTime.value
        feed = demand.feedTime.value
        cache = feed > 0 ? demand.sharedCacheTime.value : demand.cacheTime.value
        memory = demand.memoryTime.value
        link = demand.linkTime.value
        self.bound = bound.value
        shape = KernelShape(operation, demand)
    }

    struct Time {
        var latency, engine, vector, cache, memory, link: Double
    }

    func time(under constants: KernelConstants) -> Time {
        guard let first = constants.relatives.first else { return time(underOne: constants) }
        var sum = time(underOne: first), product = sum.duration, count = 1.0
        for other in constants.relatives.dropFirst() {
            let time = time(underOne: other)
            sum.add(time)
            product *= time.duration
            count += 1
        }
        guard count > 1, sum.duration > 0 else { return sum }
        // Each resource has the part of the time that it has on average.
        sum.scale(by: pow(product, 1 / count) / sum.duration)
        return sum
    }

    private func time(underOne c: KernelConstants) -> Time {
        let ramp = c[.rampBytes] > 0 && shape.linkBytes > 0 ? (c[.rampBytes] / shape.linkBytes).squareRoot() : 0
        var time = Time(latency: 0, engine: engine / c[.engineEfficiency], vector: vector / c[.engineEfficiency], cache: max(cache * c[.cache], feed * c[.feed]),
                        memory: memory / c[.memoryEfficiency], link: link / c[.linkEfficiency] * (1 + ramp))
        let fixed = c[.overhead] + c[.latency] * latency
        let loops = c[.perDepth] * shape.depth + c[.perInput] * shape.inputs + c[.perOutput] * shape.outputs
        let parts = c[.perGroup] * shape.groups + c[.perPeer] * shape.peers + c[.perMessage] * shape.messages
            + c[.perUnitMessage] * shape.messagesOfUnit + c[.perUnitByte] * shape.bytesOfUnit + c[.perWeight] * shape.weights + c[.perColumn] * shape.columns
            + c[.combine] * shape.cuts + c[.perPlace] * shape.places
        let waiting = max(time.engine, time.vector) + time.cache + time.memory - max(time.engine, time.vector, time.cache, time.memory)
        time.latency = fixed + loops + parts + (1 - c[.overlap]) * waiting
        if c[.oneShotOverhead] > 0, shape.oneShotBytes > 0, shape.linkBytes > 0 {
            let latency = c[.oneShotOverhead] + c[.perPeer] * shape.peers
            let transfer = link * (shape.oneShotBytes / shape.linkBytes) / c[.oneShotEfficiency]
            if latency + transfer < time.latency + time.link { (time.latency, time.link) = (latency, transfer) }
        }
        time.latency = max(time.latency, bound - time.busy)
        return time
    }

    /// Seconds of the operator with the device to itself.
    public func duration(under constants: KernelConstants) -> Double { time(under: constants).duration }
}

extension KernelWorkload.Time {
    var busy: Double { max(engine, vector, cache, memory, link) }
    var duration: Double { latency + busy }

    mutating func add(_ other: Self) {
        latency += other.latency
        engine += other.engine
        vector += other.vector
        cache += other.cache
        memory += other.memory
        link += other.link
    }

    mutating func scale(by factor: Double) {
        latency *= factor
        engine *= factor
        vector *= factor
        cache *= factor
        memory *= factor
        link *= factor
    }
}
