/// A server with `slots` identical places and one waiting line: a copy queue, a launch thread, a flash die.
///
/// It keeps no clock and schedules nothing; the simulation asks for a slot, holds it, and gives it back:
///
///     if copies.request(id, at: now) { engine.schedule(id, after: transfer) }          // served at once
///     …
///     if let next = copies.release(at: now) { engine.schedule(next, after: transfer) } // first in line
///
/// The line is a ring that grows to the longest it has been; no allocation per request after that.
public struct FIFOServer: Sendable {
    /// Requests that can be served at once.
    public let slots: Int
    /// Slots taken.
    public private(set) var busySlots = 0
    /// Requests in line.
    public private(set) var waitingCount = 0

    private var line: [Int]
    private var head = 0
    private var lastChange = SimulationTime.zero
    private var busyPicoseconds: Int128 = 0
    private var waitingPicoseconds: Int128 = 0

    /// - Precondition: `slots` is positive.
    public init(slots: Int = 1) {
        precondition(slots > 0, "a server without slots never serves")
        self.slots = slots
        line = Array(repeating: 0, count: 8)
    }

    /// Asks for a slot. O(1) amortised.
    ///
    /// - Returns: whether the request has a slot now; otherwise it waits, and a later ``release(at:)`` returns its id.
    /// - Precondition: `now` is no earlier than that of any call before.
    public mutating func request(_ id: Int, at now: SimulationTime) -> Bool {
        advance(to: now)
        if busySlots < slots {
            busySlots += 1
            return true
        }
        if waitingCount == line.count { growLine() }
        line[(head &+ waitingCount) & (line.count &- 1)] = id
        waitingCount += 1
        return false
    }

    /// Gives a slot back. O(1).
    ///
    /// - Returns: the id of the request that takes the slot over, first come first served; `nil` when none waits.
    /// - Precondition: a slot is taken; `now` is no earlier than that of any call before.
    public mutating func release(at now: SimulationTime) -> Int? {
        precondition(busySlots > 0, "a slot was released that nobody holds")
        advance(to: now)
        guard waitingCount > 0 else {
            busySlots -= 1
            return nil
        }
        let id = line[head]
        head = (head &+ 1) & (line.count &- 1)
        waitingCount -= 1
        return id
    }

    /// Slot-seconds served until the last call; divided by `slots` and the time elapsed, the utilisation.
    public var busySeconds: Double { Double(busyPicoseconds) / 1e12 }

    /// Seconds spent in line, summed over requests, until the last call.
    public var waitingSeconds: Double { Double(waitingPicoseconds) / 1e12 }

    private mutating func advance(to now: SimulationTime) {
        precondition(now >= lastChange, "a server cannot go back in time")
        let elapsed = now.picoseconds &- lastChange.picoseconds
        busyPicoseconds &+= Int128(elapsed) &* Int128(busySlots)
        waitingPicoseconds &+= Int128(elapsed) &* Int128(waitingCount)
        lastChange = now
    }

    private mutating func growLine() {
        let inOrder = line[head...] + line[..<head]
        line = Array(inOrder) + Array(repeating: 0, count: line.count)
        head = 0
    }
}
