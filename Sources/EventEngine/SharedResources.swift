/// Resources whose capacity running activities divide among themselves, and those activities.
///
/// An activity needs works `w[i]` (``Works``) and progresses at one rate for all of them: in a second it does
/// the fraction `1 / pace` of itself and takes `w[i] / pace` of the capacity of resource `i`. Its *dominant
/// time* `d` is the largest `w[i] / capacity[i]`: what it takes when alone. Its share is `d / pace`, at most 1.
///
/// Shares are recomputed once for all that starts and ends at one picosecond, before time goes on, and only for
/// activities connected to a change through resources in use (`SharedResources+MaxMin.swift`).
///
/// A completion that moves later leaves its event in the queue, to be renewed when it comes up; one that moves
/// earlier gets a new event and `scheduled` tells the valid one from those left behind. All events of an
/// activity bear the sequence number drawn at its start, so those that end together end in the order of starting.
@usableFromInline
struct SharedResources: ~Copyable {
    @usableFromInline var resources: UnsafeMutablePointer<Resource>
    let resourceCount: Int
    @usableFromInline var activities: UnsafeMutablePointer<Activity>
    /// Use `k` of the activity in `slot` is `uses[slot * Works.maximumCount + k]`.
    @usableFromInline var uses: UnsafeMutablePointer<Use>
    var slotCount = 0
    var slotCapacity = 16
    /// Head of the list of free slots, linked through `Activity.nextFree`; -1 at its end.
    var freeSlot: Int32 = -1
    @usableFromInline var runningCount = 0

    /// Resources whose users changed since shares were last computed.
    @usableFromInline var touched: [Int32] = []
    /// Marks what the current search has visited.
    var visit: UInt64 = 0
    var componentResources: [Int32] = []
    var componentActivities: [Int32] = []
    /// Scratch of the solver: activities of the component that are served in turn.
    var turns: [Int32] = []

    init(capacities: [Double]) {
        resourceCount = capacities.count
        resources = .allocate(capacity: max(1, capacities.count))
        for (index, capacity) in capacities.enumerated() {
            (resources + index).initialize(to: Resource(capacity: Self.checked(capacity)))
        }
        activities = .allocate(capacity: slotCapacity)
        uses = .allocate(capacity: slotCapacity * Works.maximumCount)
    }

    @inlinable deinit {
        resources.deallocate()
        activities.deallocate()
        uses.deallocate()
    }

    static func checked(_ capacity: Double) -> Double {
        precondition(capacity >= 0 && capacity < .infinity, "a capacity is finite and not negative")
        return capacity
    }
}

/// One shared resource. `first` and `last` end the list of its uses, oldest first; -1 when idle.
@usableFromInline
struct Resource {
    var capacity: Double
    var busySeconds = 0.0
    var first: Int32 = -1
    var last: Int32 = -1
    var isTouched = false
    var visit: UInt64 = 0
    /// Scratch of the solver: capacity taken by activities whose share is settled.
    var settled = 0.0
    /// Scratch of the solver: capacity that the others take per unit of share.
    var demand = 0.0
    /// Scratch of the solver: capacity that is kept from activities in turn.
    var reserved = 0.0
    /// Scratch of the solver: the share at which the resource saturates.
    var saturation = 0.0

    init(capacity: Double) { self.capacity = capacity }

    /// Capacity that settled activities leave; what is left by rounding is nothing.
    var left: Double { beyond(settled) }

    /// What they leave to one in turn.
    var leftInTurn: Double { beyond(settled + reserved) }

    private func beyond(_ taken: Double) -> Double {
        let left = capacity - taken
        return left > 1e-12 * capacity ? left : 0
    }
}

/// One running activity.
@usableFromInline
struct Activity {
    /// The key of the event that stands for the completion; `none` before there is one.
    var scheduled = EventKey.none
    var sequence: UInt64
    /// When it completes if nothing changes; the event may be earlier, then it is renewed.
    var due = SimulationTime.never
    /// When `remaining` was last brought up to date.
    var updated: SimulationTime
    /// The fraction still to be done at `updated`.
    var remaining = 1.0
    /// Seconds the whole activity would take at its current rate; infinite while it stands still.
    var pace = Double.infinity
    /// The shortest it may take: the cap on its rate.
    var minimumSeconds: Double
    var id: Int
    var useCount: Int32
    /// Served before those that share alike, in the order of starting.
    var isInTurn: Bool
    var nextFree: Int32 = -1
    var visit: UInt64 = 0
    /// Scratch of the solver: the dominant time, and the share beyond which the activity cannot use more.
    var dominant = 0.0
    var shareLimit = 1.0

    /// The fraction of the whole that is done between `updated` and `now`.
    func progress(until now: SimulationTime) -> Double {
        min(remaining, (now - updated).seconds / pace)
    }
}

/// The use of one resource by one activity; a member of the resource's list of uses.
@usableFromInline
struct Use {
    var work: Double
    var resource: Int32
    var next: Int32 = -1
    var previous: Int32 = -1
}
