import Workloads

/// For every node the nodes that wait for it, in compressed rows: those that depend on it and its successor in its stream.
struct Waiting: Sendable {
    private var starts: [Int32]
    private var targets: [Int32]
    /// How many nodes each node waits for.
    let counts: [Int32]

    init(in graph: OperatorGraph) {
        let n = graph.nodes.count, before = graph.predecessors
        var counts = [Int32](repeating: 0, count: n)
        var starts = [Int32](repeating: 0, count: n + 1)
        for index in 0..<n {
            for dependency in graph.dependencies(of: index) {
                starts[Int(dependency) + 1] += 1
                counts[index] += 1
            }
            if before[index] >= 0 {
                starts[Int(before[index]) + 1] += 1
                counts[index] += 1
            }
        }
        for index in 0..<n { starts[index + 1] += starts[index] }
        var place = starts
        var targets = [Int32](repeating: 0, count: Int(starts[n]))
        for index in 0..<n {
            for dependency in graph.dependencies(of: index) {
                targets[Int(place[Int(dependency)])] = Int32(index)
                place[Int(dependency)] += 1
            }
            if before[index] >= 0 {
                targets[Int(place[Int(before[index])])] = Int32(index)
                place[Int(before[index])] += 1
            }
        }
        self.starts = starts
        self.targets = targets
        self.counts = counts
    }

    subscript(node: Int) -> ArraySlice<Int32> { targets[Int(starts[node])..<Int(starts[node + 1])] }
}
