import ArgumentParser
import Orrery

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one device, system, runtime, model, job or learned model.",
        discussion: """
            What its file says and what follows from it: peaks and balance of a device, parameters and KV cache of a \
            model; where the numbers come from, and which of them nobody checked.

            Examples:
              orrery show h100-sxm
              orrery show deepseek-v3
              orrery show Models/kernels.json
            """)

    @Argument(help: "A name of the library, or a file.")
    var name: String

    @OptionGroup var library: LibraryOptions

    func run() throws {
        let library = try library.open()
        if Library.isPath(name), try Document(contentsOf: name).json["probes"] != nil {
            return try Terminal.print(LearnedText.scores(of: try library.learnedModel(name).manifest))
        }
        let shelves = try self.shelves(in: library)
        guard !shelves.isEmpty else { throw library.unknown(name, on: Library.Shelf.shown) }
        // A name may stand on several shelves, as that of a device and of a system around it.
        let texts = try shelves.map { try text(of: name, on: $0, in: library) }
        try Terminal.print(texts.joined(separator: "\n"))
    }

    private func shelves(in library: Library) throws -> [Library.Shelf] {
        if Library.isPath(name) { return [try Library.Shelf(of: try Document(contentsOf: name))] }
        return try Library.Shelf.shown.filter { try library.find(name, on: $0) != nil }
    }

    private func text(of name: String, on shelf: Library.Shelf, in library: Library) throws -> String {
        let style = Terminal.style
        return switch shelf {
        case .devices: Summary.text(of: try library.device(name), style: style)
        case .systems: Summary.text(of: try library.system(name), style: style)
        case .runtimes: Summary.text(of: try library.runtime(name), style: style)
        case .architectures: Summary.text(of: try library.architecture(name), style: style)
        case .calibrations: CalibrationText.kernels(of: try library.calibration(name), style: style)
        case .models: Summary.text(of: try library.model(name), style: style)
        case .jobs: Summary.text(of: try library.job(name), style: style)
        }
    }
}

extension Library.Shelf {
    /// In the order in which a name is looked for.
    static let shown: [Self] = [.devices, .systems, .runtimes, .models, .jobs, .architectures, .calibrations]
}
