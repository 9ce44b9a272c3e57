/// For each kind of part of a scenario, which axes decide about it: places that agree on those share the part.
struct GridKeys {
    enum Part {
        case job, model, system, runtime
    }

    /// By part, axes with their strides.
    private let job, model, system, runtime: [(axis: Int, stride: Int)]

    init(_ grid: Grid) {
        func axes(_ matches: (AxisTarget) -> Bool) -> [(axis: Int, stride: Int)] {
            grid.axes.indices.filter { grid.axes[$0].targets.contains(where: matches) }.map { ($0, grid.strides[$0]) }
        }
        func names(_ subject: AxisTarget.Subject) -> Bool { grid.axes.contains { $0.targets.contains { $0.subject == subject && $0.path.isEmpty } } }
        job = axes { $0.subject == .job || $0.subject == .model }
        // Without an axis of models, the job names the model.
        let modelIsNamed = names(.model)
        model = axes { $0.subject == .model || (!modelIsNamed && $0.subject == .job && $0.path.isEmpty) }
        // Without a system or device in the grid, the job names it.
        let placeIsNamed = names(.system) || names(.device) || grid.system != nil || grid.device != nil
        system = axes { [.system, .device, .host].contains($0.subject) || (!placeIsNamed && $0.subject == .job && $0.path.isEmpty) }
        runtime = axes { $0.subject == .runtime }
    }

    /// One number for each combination of choices on the axes of a part.
    func key(_ part: Part, _ choices: [Int]) -> Int {
        let axes = switch part {
        case .job: job
        case .model: model
        case .system: system
        case .runtime: runtime
        }
        return axes.reduce(0) { $0 + choices[$1.axis] * $1.stride }
    }
}
