import ArgumentParser
import Orrery

/// Pages and pictures of an answer.
struct PictureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Write the answer as a page of its own, which opens without a network.", valueName: "file"))
    var html: String?

    @Option(parsing: .upToNextOption,
            help: ArgumentHelp("Write charts alone, each as its name and a file: --svg roofline r.svg; \"list\" names the charts.", valueName: "chart file"))
    var svg: [String] = []

    var isWanted: Bool { html != nil || !svg.isEmpty }

    func validate() throws {
        guard svg != ["list"], !svg.count.isMultiple(of: 2) else { return }
        throw ValidationError("--svg takes a chart and a file, as in --svg roofline roofline.svg; write it behind all other arguments.")
    }

    func write(_ charts: [any Chart], page: () throws -> String) throws {
        let names = charts.map(\.name)
        if svg == ["list"] {
            for chart in charts { Terminal.warn("\(chart.name): \(chart.title)") }
        } else {
            for pair in stride(from: 0, to: svg.count, by: 2) {
                guard let chart = charts.first(where: { $0.name == svg[pair] }) else {
                    let hint = nearest(to: svg[pair], among: names).map { "did you mean \"\($0)\"?" } ?? "there are \(names.joined(separator: ", "))."
                    throw ValidationError("--svg \(svg[pair]): this answer has no such chart; \(hint)")
                }
                try Self.write(chart.svg(), to: svg[pair + 1])
            }
        }
        if let html { try Self.write(try page(), to: html) }
    }

    private static func write(_ text: String, to path: String) throws {
        var file = try OutputFile(path)
        try file.write(text)
        try file.close()
    }
}
