import Documents
import Foundation
import Quantities
@testable import Reporting
import Testing
import Workloads

@Suite("A Chrome trace")
struct ChromeTraceTests {
    /// One event as a program reads it.
    private struct Event {
        var phase: String
        var name: String
        var process: Int
        var thread: Int
        var start: Double
        var duration: Double
        var arguments: [String: Any]
    }

    private func events(layers: Int, steps: Int = 1) throws -> [Event] {
        let allocations = [Plan.Allocation(group: "gpu", kind: .weights, bytesPerDevice: Bytes(5e8), note: "")]
        let all = (0..<steps).map { ChromeTrace.Step(name: "step \($0)", timeline: Sample.timeline(layers: layers, seed: UInt64($0 + 1))) }
        var text = ""
        ChromeTrace(of: all, on: try Sample.system(), holding: allocations).write { text += $0 }
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let list = try #require(object?["traceEvents"] as? [[String: Any]])
        return try list.map { event in
            Event(phase: try #require(event["ph"] as? String), name: try #require(event["name"] as? String), process: try #require(event["pid"] as? Int),
                  thread: event["tid"] as? Int ?? -1, start: event["ts"] as? Double ?? -1, duration: event["dur"] as? Double ?? 0,
                  arguments: event["args"] as? [String: Any] ?? [:])
        }
    }

    @Test("Any JSON reader takes it, events stand in the order of their time, and spans of one thread never overlap", arguments: [1, 2, 40])
    func order(_ layers: Int) throws {
        let events = try events(layers: layers, steps: 3)
        let timed = events.filter { $0.phase != "M" }
        #expect(zip(timed, timed.dropFirst()).allSatisfy { $0.start <= $1.start })
        var free: [[Int]: Double] = [:]
        for event in timed where event.phase == "X" {
            #expect(event.duration >= 0)
            let track = [event.process, event.thread]
            #expect(event.start >= (free[track] ?? 0) - 1e-7, "\(event.name) begins before its predecessor on the track ends")
            free[track] = event.start + event.duration
        }
    }

    @Test("Every thread that has a span has a name, and streams, engines, links, host and steps each have one")
    func names() throws {
        let events = try events(layers: 3)
        let named = Dictionary(events.filter { $0.name == "thread_name" }.map { ([$0.process, $0.thread], $0.arguments["name"] as? String ?? "") }) { first, _ in first }
        for event in events where event.phase == "X" { #expect(named[[event.process, event.thread]] != nil) }
        #expect(Set(named.values) == ["steps", "host", "compute stream", "communication stream", "tensor engine", "nvlink among gpu"])
        let processes = events.filter { $0.name == "process_name" }.compactMap { $0.arguments["name"] as? String }
        #expect(processes == ["job", "gpu (1 of 2 alike)", "links"])
    }

    @Test("Times are exact to the picosecond: a span in the file is the record of the timeline behind the host's time")
    func exact() throws {
        #expect(TraceEvent.microseconds(123_456_789_012) == "123456.789012")
        #expect(TraceEvent.microseconds(7) == "0.000007")
        let timeline = Sample.timeline(layers: 5, seed: 1)
        let kernels = try events(layers: 5).filter { $0.phase == "X" && $0.name == "product" && $0.arguments["flops"] != nil }
        #expect(kernels.count == 5)
        for (index, kernel) in kernels.enumerated() {
            let record = timeline.records[2 * index]
            #expect(abs(kernel.start - 3 - Double(record.start.picoseconds) * 1e-6) < 1e-9)
            #expect(abs(kernel.duration - Double(record.end.picoseconds - record.start.picoseconds) * 1e-6) < 1e-9)
        }
    }

    @Test("Steps follow each other: each begins where the one before has ended, host time included")
    func steps() throws {
        let steps = try events(layers: 4, steps: 3).filter { $0.phase == "X" && $0.name.hasPrefix("step") }
        #expect(steps.count == 3)
        #expect(steps[0].start == 0)
        for (step, next) in zip(steps, steps.dropFirst()) { #expect(abs(step.start + step.duration - next.start) < 1e-6) }
        for (index, step) in steps.enumerated() {
            #expect(abs(step.duration - Sample.timeline(layers: 4, seed: UInt64(index + 1)).duration.value * 1e6) < 2e-6)
        }
    }

    /// ∫ value dt of a curve that holds each value until the next, in units of the value times seconds.
    private func integral(_ counter: String, _ curve: String, in events: [Event]) -> Double {
        let samples = events.filter { $0.phase == "C" && $0.name == counter }.map { ($0.start, ($0.arguments[curve] as? NSNumber)?.doubleValue ?? .nan) }
        return zip(samples, samples.dropFirst()).reduce(0) { $0 + $1.0.1 * ($1.1.0 - $1.0.0) * 1e-6 }
    }

    @Test("Counters conserve: the area under bandwidth is the bytes moved, the area under dynamic power the energy")
    func conservation() throws {
        let events = try events(layers: 40)
        #expect(abs(integral("bandwidth (bytes/s)", "memory", in: events) / (40 * 10e6) - 1) < 1e-4)
        #expect(abs(integral("bandwidth (bytes/s)", "link", in: events) / (40 * 1e6) - 1) < 1e-4)
        #expect(abs(integral("power (W)", "dynamic", in: events) / (40 * 2e-3) - 1) < 1e-4)
    }

    @Test("Memory holds the weights throughout, rises with every activation and returns to nothing; idle and active power are the device's")
    func memory() throws {
        let counters = try events(layers: 10).filter { $0.phase == "C" }
        let memory = counters.filter { $0.name == "memory (bytes)" }
        #expect(memory.allSatisfy { $0.arguments["weights"] as? Double == 5e8 })
        let activations = memory.compactMap { $0.arguments["activations"] as? Double }
        #expect(activations.max() ?? 0 >= 1e6)
        #expect(activations.last == 0)
        let power = counters.filter { $0.name == "power (W)" }.compactMap { $0.arguments["static"] as? Double }
        #expect(Set(power) == [10, 20])
        #expect(power.last == 10)
    }
}
