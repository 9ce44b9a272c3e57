/// Pending events in order of time; events of equal time leave in the order they came in.
///
///     var queue = EventQueue()
///     queue.push(7, at: SimulationTime(seconds: 2e-6))
///     while let (time, id) = queue.pop() { … }
///
/// A binary heap of 128-bit keys in one buffer: no allocation per event once the buffer has grown to the
/// largest number of events pending at once. A `pop` leaves its place at the top open, so that the `push`
/// which usually follows fills it with one pass down the heap instead of two passes.
///
/// Limits, all checked: ids lie in `0 ..< 2²⁸`, times are not negative, 2³⁶ pushes in the life of a queue.
public struct EventQueue: ~Copyable {
    @usableFromInline var heap: UnsafeMutablePointer<UInt128>
    /// Keys in the heap, the one that has left through an open top included.
    @usableFromInline var size = 0
    @usableFromInline var capacity: Int
    /// The key at the top has been popped, its place not yet been filled.
    @usableFromInline var topIsOpen = false
    /// The next sequence number, where ``EventKey`` keeps it.
    @usableFromInline var sequence: UInt64 = 0

    /// - Parameter minimumCapacity: events that can be pending before the buffer has to grow.
    public init(minimumCapacity: Int = 64) {
        capacity = max(minimumCapacity, 2)
        heap = Self.allocate(capacity)
    }

    @inlinable deinit { Self.deallocate(heap) }

    /// Events pending. O(1).
    @inlinable public var count: Int { size &- (topIsOpen ? 1 : 0) }
    @inlinable public var isEmpty: Bool { count == 0 }

    /// Adds an event. O(log n), amortised constant for random times.
    ///
    /// - Precondition: `id` lies in `0 ..< 2²⁸`; `time` is not negative.
    @inlinable public mutating func push(_ id: Int, at time: SimulationTime) {
        push(EventKey(time: time, sequence: takeSequence(), id: id))
    }

    /// Removes and returns the earliest event; `nil` when none is pending. O(log n).
    @inlinable public mutating func pop() -> (time: SimulationTime, id: Int)? {
        guard let key = popKey() else { return nil }
        return (key.time, key.id)
    }

    /// The time of the earliest event, or `never`. O(log n) after a `pop`, then O(1).
    @inlinable public mutating func firstTime() -> SimulationTime {
        if topIsOpen { closeTop() }
        return size == 0 ? .never : EventKey(bits: heap[0]).time
    }
}

// MARK: Keys

extension EventQueue {
    /// Reserves the next place among events of equal time.
    @inlinable mutating func takeSequence() -> UInt64 {
        let taken = sequence
        let (next, overflow) = taken.addingReportingOverflow(EventKey.sequenceStep)
        precondition(!overflow, "an event queue numbers at most 2³⁶ events")
        sequence = next
        return taken
    }

    @inlinable mutating func push(_ key: EventKey) {
        if topIsOpen {
            topIsOpen = false
            siftDown(key.bits)
        } else {
            if size == capacity { grow() }
            size &+= 1
            siftUp(key.bits)
        }
    }

    @inlinable mutating func popKey() -> EventKey? {
        if topIsOpen { closeTop() }
        guard size > 0 else { return nil }
        topIsOpen = true
        return EventKey(bits: heap[0])
    }

    @inlinable mutating func closeTop() {
        topIsOpen = false
        size &-= 1
        if size > 0 { siftDown(heap[size]) }
    }
}

// MARK: Heap order

extension EventQueue {
    /// Places `key` from the open top downwards. The smaller child is picked by arithmetic: the outcome of
    /// that comparison is a coin toss, which a branch predictor loses every other time.
    @inlinable mutating func siftDown(_ key: UInt128) {
        let heap = self.heap, size = self.size
        var place = 0, child = 1
        while child &+ 1 < size {
            child &+= heap[child &+ 1] < heap[child] ? 1 : 0
            guard heap[child] < key else {
                heap[place] = key
                return
            }
            heap[place] = heap[child]
            place = child
            child = 2 &* child &+ 1
        }
        if child < size, heap[child] < key {
            heap[place] = heap[child]
            place = child
        }
        heap[place] = key
    }

    /// Places `key` from the last place upwards.
    @inlinable mutating func siftUp(_ key: UInt128) {
        let heap = self.heap
        var place = size &- 1
        while place > 0 {
            let parent = (place &- 1) >> 1
            guard key < heap[parent] else { break }
            heap[place] = heap[parent]
            place = parent
        }
        heap[place] = key
    }
}

// MARK: Storage

extension EventQueue {
    @usableFromInline mutating func grow() {
        let larger = Self.allocate(capacity * 2)
        larger.update(from: heap, count: size)
        Self.deallocate(heap)
        heap = larger
        capacity *= 2
    }

    /// Room for `capacity` keys, laid so that the two children of a place always share a cache line.
    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt128> {
        let stride = MemoryLayout<UInt128>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: (capacity + 1) * stride, alignment: 64)
        return (raw + stride).bindMemory(to: UInt128.self, capacity: capacity)
    }

    @usableFromInline static func deallocate(_ heap: UnsafeMutablePointer<UInt128>) {
        (UnsafeMutableRawPointer(heap) - MemoryLayout<UInt128>.stride).deallocate()
    }
}
