import ReferenceKernels
import ReferenceKernelsC
import Testing

/// Counts how often each item was worked on.
private let count: rk_body = { context, begin, end in
    guard let context else { return }
    let counters = UnsafeMutableRawPointer(mutating: context).assumingMemoryBound(to: Int32.self)
    for i in begin..<end { counters[i] += 1 }
}

/// Starts a region within a region.
private let nested: rk_body = { context, begin, end in
    for i in begin..<end { rk_parallel(10, 3, count, context.map { $0 + i * 40 }) }
}

@Suite("Threads and timing", .serialized)
struct ThreadTests {
    @Test("Every item of a region is worked on exactly once, whatever the count, the grain and the threads")
    func onceEach() throws {
        let threads = Kernels.threads
        defer { Kernels.threads = threads }
        for number in [1, 2, 3, 8, 5] {
            Kernels.threads = number
            for (items, grain) in [(0, 1), (1, 1), (7, 1), (1000, 1), (1000, 7), (1000, 5000), (4096, 64)] {
                let counters = try IndexBuffer(count: max(items, 1))
                for _ in 0..<50 { rk_parallel(items, grain, count, counters.pointer) }
                #expect(counters.elements.prefix(items).allSatisfy { $0 == 50 })
            }
        }
    }

    @Test("Regions started by many threads at once, and inside one another, all complete")
    func manyCallers() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let counters = try IndexBuffer(count: 100)
                    for _ in 0..<200 { rk_parallel(10, 1, nested, counters.pointer) }
                    return counters.elements.allSatisfy { $0 == 200 }
                }
            }
            for try await complete in group { #expect(complete) }
        }
    }

    @Test("The number of threads stays between 1 and 256")
    func threadBounds() {
        let threads = Kernels.threads
        defer { Kernels.threads = threads }
        Kernels.threads = -3
        #expect(Kernels.threads == 1)
        Kernels.threads = .max
        #expect(Kernels.threads == 256)
    }

    @Test("A timing reports the median and quartiles of its samples and stops at its limits")
    func timing() throws {
        var executions = 0
        let timing = try TimingPlan(warmUp: 2, leastRepeats: 3, mostRepeats: 4, budget: 10, spread: -1, shortestSample: 0).time { _ in executions += 1 }
        #expect(timing.repeats == 4)
        #expect(executions == 2 + 1 + 4)
        #expect(timing.fastest <= timing.lowerQuartile && timing.lowerQuartile <= timing.median && timing.median <= timing.upperQuartile)
        #expect(throws: KernelError.self) { try TimingPlan().time { _ throws(KernelError) in throw KernelError("broken") } }
    }
}
