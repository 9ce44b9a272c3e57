import Documents
import Hardware
import Quantities
import Simulation
import Workloads

/// Timelines in the Chrome trace format ("Trace Event Format", Google, 2016), which Perfetto and chrome://tracing open.
///
/// A process for each lane of identical devices, with a thread for each of its streams and engines; a process for the links,
/// with a thread for each; one for the host and the steps. Counters follow memory, bandwidth and power of one device of each
/// lane. Steps stand one after the other; times are microseconds with six decimals, exact to the picosecond.
public struct ChromeTrace: Sendable {
    /// One pass: its name and what happened in it.
    public struct Step: Sendable {
        public var name: String
        public var timeline: Timeline

        public init(name: String, timeline: Timeline) {
            self.name = name
            self.timeline = timeline
        }
    }

    let steps: [Step]
    let system: System
    let allocations: [Plan.Allocation]

    /// - Parameter allocations: what stays in memory all the time, for the memory counters.
    public init(of steps: [Step], on system: System, holding allocations: [Plan.Allocation] = []) {
        self.steps = steps
        self.system = system
        self.allocations = allocations
    }

    /// Writes the file, whole or not at all.
    public func write(to path: String) throws(OutputError) {
        var file = try OutputFile(path)
        try write { (text) throws(OutputError) in try file.write(text) }
        try file.close()
    }

    /// The trace in pieces of text, in the order of the file: events in the order of their time.
    public func write<Failure: Error>(_ emit: (String) throws(Failure) -> Void) throws(Failure) {
        try emit("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")
        var tracks = TraceTracks()
        var clock: Int64 = 0
        for step in steps {
            var drawing = TraceStep(step, system: system, allocations: allocations, from: clock)
            for line in drawing.lines(on: &tracks) { try emit(line + ",\n") }
            clock = drawing.end
        }
        // The list needs an element without a comma behind it.
        try emit(TraceEvent.instant("end", at: clock) + "\n]}\n")
    }
}
