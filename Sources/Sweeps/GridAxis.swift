import Documents
import Quantities

/// What a grid varies together: one thing, or several that are zipped.
struct GridAxis: Sendable {
    let targets: [AxisTarget]
    /// By choice, then by target.
    let choices: [[AxisValue]]

    /// - Parameters:
    ///   - key: `job.batch`, or `system.nodes, job.parallelism.data` for things that go together.
    ///   - document: a list, or a range.
    init(_ key: String, reading document: Document) throws(DocumentError) {
        var targets: [AxisTarget] = []
        for part in key.split(separator: ",", omittingEmptySubsequences: false) {
            let text = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            let target = try AxisTarget(text, document)
            guard !targets.contains(target) else { throw document.malformed("\"\(text)\" stands twice in one axis") }
            targets.append(target)
        }
        var choices: [[AxisValue]] = []
        if case .object = document.json {
            guard targets.count == 1 else { throw document.malformed("is a range, but names \(targets.count) things; list their values together, as in [[1, 8], [2, 16]]") }
            choices = try AxisRange(reading: document).values.map { [$0] }
        } else {
            for item in try document.array() {
                var values: [AxisValue] = []
                if targets.count == 1 {
                    values = [try AxisValue(reading: item)]
                } else {
                    for value in try item.array() { values.append(try AxisValue(reading: value)) }
                    guard values.count == targets.count else { throw item.malformed("has \(values.count) values for \(targets.count) things: \(key)") }
                }
                guard !choices.contains(values) else { throw item.malformed("stands here a second time: \(values.map(\.label).joined(separator: ", "))") }
                choices.append(values)
            }
        }
        guard !choices.isEmpty else { throw document.malformed("is empty; list at least one value, or leave the axis out") }
        for (choice, values) in choices.enumerated() {
            for (target, value) in zip(targets, values) {
                guard case .factor = value, target.path.isEmpty else { continue }
                throw DocumentError(file: document.file, path: "\(document.path)[\(choice)]", message: "\(value.label) of a \(target.subject.rawValue) means nothing; name one", isMalformed: true)
            }
        }
        self.targets = targets
        self.choices = choices
    }
}

/// One thing that an axis changes: which device it is, or a value in its file.
struct AxisTarget: Hashable, Sendable {
    enum Subject: String, CaseIterable, Sendable {
        case job, model, device, host, system, runtime, calibration, costModel
    }

    /// As the grid writes it.
    let text: String
    let subject: Subject
    /// Inside its file; empty for the choice of the file itself.
    let path: JSONPath

    init(_ text: String, _ document: Document) throws(DocumentError) {
        let known = Subject.allCases.map(\.rawValue)
        let (head, rest) = text.firstIndex(of: ".").map { (String(text[..<$0]), String(text[text.index(after: $0)...])) } ?? (text, nil)
        guard let subject = Subject(rawValue: head) else {
            let hint = nearest(to: head, among: known).map { "did you mean \"\($0)\"?" } ?? "an axis begins with \(list(known)), as in \"job.batch\""
            throw document.malformed("\"\(text)\" is no axis; \(hint)")
        }
        var path = JSONPath([])
        if let rest {
            guard let parsed = JSONPath(parsing: rest) else { throw document.malformed("\"\(text)\" is no path; write it as in \"device.memory[dram].bandwidth\"") }
            path = parsed
        }
        switch (subject, path.isEmpty) {
        case (.host, true): throw document.malformed("a host comes with its device or system; vary \"system\", or a value such as \"host.memory[dram].bandwidth\"")
        case (.calibration, false), (.costModel, false): throw document.malformed("\"\(subject.rawValue)\" is varied as a whole; leave out \".\(path)\"")
        default: break
        }
        if subject == .job, let first = path.steps.first {
            if first == .key("model"), path.steps.count == 1 { throw document.malformed("\"\(text)\": the axis of models is called \"model\"") }
            if first == .key("runsOn") { throw document.malformed("\"\(text)\": vary \"device\", \"system\" or \"runtime\" instead") }
            if [.key("name"), .key("description"), .key("$schema")].contains(first) { throw document.malformed("\"\(text)\" changes no answer") }
        }
        self.text = text
        self.subject = subject
        self.path = path
    }

    /// The last key: what a column is called where no other axis ends in it.
    var shortName: String {
        let last = path.steps.reversed().lazy.compactMap { if case .key(let key) = $0 { key } else { nil } }.first
        return last ?? subject.rawValue
    }
}
