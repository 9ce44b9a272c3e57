/// What an activity needs of each shared resource, in seconds of that resource at its full rate.
///
///     let matrixMultiply: Works = [tensor: 8e-6, dram: 3e-6, l2: 2e-6]
///
/// Reading 3 MB through a memory of 1 TB/s is a work of 3e-6 s on it. Stored inline, without allocation.
public struct Works: Sendable, ExpressibleByDictionaryLiteral {
    /// The largest number of different resources one activity can use.
    @inlinable public static var maximumCount: Int { 8 }

    /// The number of resources with some work.
    @usableFromInline var count = 0
    @usableFromInline var resources = SIMD8<Int32>(repeating: -1)
    @usableFromInline var seconds = SIMD8<Double>(repeating: 0)

    @inlinable public init() {}

    /// Works by resource; a resource that appears twice gets the sum.
    @inlinable public init(dictionaryLiteral elements: (Int, Double)...) {
        for (resource, work) in elements { add(work, on: resource) }
    }

    /// The longest work: how long it takes alone where every resource has capacity 1.
    @inlinable public var longest: Double { seconds.max() }

    /// Resource and work of each, in the order in which they were added.
    @inlinable public func forEach(_ body: (_ resource: Int, _ seconds: Double) -> Void) {
        for place in 0 ..< count { body(Int(resources[place]), seconds[place]) }
    }

    /// Adds `work` seconds of `resource` at its full rate; no work leaves the resource unused.
    ///
    /// - Precondition: `work` is finite and not negative; at most ``maximumCount`` resources have work.
    @inlinable public mutating func add(_ work: Double, on resource: Int) {
        precondition(work >= 0 && work < .infinity, "a work is finite and not negative")
        guard work > 0 else { return }
        let index = Int32(resource)
        for place in 0 ..< count where resources[place] == index {
            seconds[place] += work
            return
        }
        precondition(count < Self.maximumCount, "an activity uses at most 8 resources")
        resources[count] = index
        seconds[count] = work
        count += 1
    }
}
