/// A clock, the events to come, and the resources that activities share. A simulation drives it in a plain loop:
///
///     var engine = SimulationEngine(resources: 2)        // 0: tensor engine, 1: DRAM
///     engine.schedule(0, after: SimulationTime(seconds: 3e-6))
///     while let event = engine.next() {
///         switch event.kind {
///         case .timer: engine.start(event.id, works: [0: 8e-6, 1: 3e-6])
///         case .completion: print(event.id, "done at", event.time.seconds)
///         }
///     }
///
/// Events come in order of time, and in order of `schedule` or `start` where times are equal. The same calls
/// give the same events, bit for bit, on every machine. There is no allocation per event or activity.
public struct SimulationEngine: ~Copyable {
    /// The current time: that of the last event.
    @inlinable public var now: SimulationTime { time }
    @usableFromInline var time = SimulationTime.zero
    @usableFromInline var queue = EventQueue()
    @usableFromInline var shared: SharedResources

    /// Timer ids and the number of activities running at once lie below 2²⁷.
    @inlinable public static var idLimit: Int { EventKey.idLimit / 2 }
    /// The bit of an event's id that tells completions from timers.
    @inlinable static var activityFlag: Int { EventKey.idLimit / 2 }

    /// - Parameter resources: the number of shared resources, each with capacity 1, named 0, 1, 2, …
    public init(resources: Int = 0) {
        self.init(capacities: Array(repeating: 1, count: resources))
    }

    /// - Parameter capacities: the capacity of each shared resource, as a multiple of the rate its works are
    ///   measured in; finite, not negative.
    public init(capacities: [Double]) {
        shared = SharedResources(capacities: capacities)
    }

    /// Schedules a timer. O(log n).
    ///
    /// - Parameter id: comes back in the event; `0 ..< idLimit`, need not be unique.
    /// - Precondition: `time` is not before ``now``. At `never`, the timer does not fire.
    @inlinable public mutating func schedule(_ id: Int, at time: SimulationTime) {
        precondition(time >= now, "an event cannot be scheduled in the past")
        precondition(id >= 0 && id < Self.idLimit, "a timer id lies in 0 ..< 2²⁷")
        queue.push(id, at: time)
    }

    /// Schedules a timer `delay` from now. O(log n).
    @inlinable public mutating func schedule(_ id: Int, after delay: SimulationTime) {
        schedule(id, at: now + delay)
    }

    /// Starts an activity now; a completion event with its id tells when all its works are done.
    ///
    /// Alone it takes `max(works[i] / capacity[i])`. Where running activities want more of a resource than its
    /// capacity, capacity is divided max-min fairly: nobody's share of its scarcest resource can be raised
    /// without lowering that of one who has no more. An activity without works takes `minimumSeconds`.
    ///
    /// O(works + log n) when its resources are idle; otherwise shares are recomputed once before time goes on.
    ///
    /// - Parameters:
    ///   - id: comes back in the event; any value, need not be unique.
    ///   - works: seconds of each resource at its full rate.
    ///   - minimumSeconds: the shortest it may take, however much capacity there is: caps its rate.
    ///   - inTurn: it is served before those that share fairly, and after those in turn that started earlier.
    public mutating func start(_ id: Int, works: Works, atLeast minimumSeconds: Double = 0, inTurn: Bool = false) {
        shared.start(id, works, atLeast: minimumSeconds, inTurn: inTurn, at: now, queue: &queue)
    }

    /// Changes the capacity of a shared resource from now on, as when a clock is lowered. Activities that find
    /// a capacity of zero stand still until it is raised.
    public mutating func setCapacity(of resource: Int, to capacity: Double) {
        shared.setCapacity(of: resource, to: capacity)
    }

    /// Advances the clock to the next event and returns it; `nil` when nothing more will happen. O(log n), and
    /// a recomputation of shares where activities in contention have started or ended since the last event.
    @inlinable public mutating func next() -> Event? {
        while true {
            if !shared.touched.isEmpty, queue.firstTime() > now { shared.recomputeShares(at: now, queue: &queue) }
            guard queue.firstTime() < .never, let key = queue.popKey() else { return nil }
            let isCompletion = key.id & Self.activityFlag != 0
            if !isCompletion {
                time = key.time
                return Event(time: time, kind: .timer, id: key.id)
            }
            if let id = shared.complete(key, queue: &queue) {
                time = key.time
                return Event(time: time, kind: .completion, id: id)
            }
        }
    }

    /// Activities started and not completed. After ``next()`` has returned `nil`, those that stand still.
    @inlinable public var runningCount: Int { shared.runningCount }

    /// What a resource has delivered until now, in seconds of its full rate: the works of completed activities
    /// and the part done of running ones. O(activities running on it).
    public func busySeconds(of resource: Int) -> Double {
        shared.busySeconds(of: resource, at: now)
    }
}

/// Something that has happened: a timer has fired or an activity has completed.
public struct Event: Hashable, Sendable {
    public enum Kind: Hashable, Sendable { case timer, completion }

    /// When it happened.
    public let time: SimulationTime
    public let kind: Kind
    /// The id given to `schedule` or `start`.
    public let id: Int

    @inlinable init(time: SimulationTime, kind: Kind, id: Int) {
        self.time = time
        self.kind = kind
        self.id = id
    }
}
