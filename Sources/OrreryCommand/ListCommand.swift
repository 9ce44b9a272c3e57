import ArgumentParser
import Orrery

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what the library holds.",
        discussion: """
            One line for each entry, with the id that other commands take and its most telling figures.

            Examples:
              orrery list devices
              orrery list models --json
            """)

    enum Shelf: String, CaseIterable, ExpressibleByArgument {
        case devices, systems, runtimes, models, jobs
    }

    @Argument(help: "What to list: devices, systems, runtimes, models or jobs.")
    var shelf: Shelf

    @Flag(help: "Print a JSON list with figures in base units.")
    var json = false

    @OptionGroup var library: LibraryOptions

    func run() throws {
        let library = try library.open()
        var unreadable: [String] = []
        /// All entries that can be read; the others do not hide them.
        func entries<Entry>(_ shelf: Library.Shelf, _ read: (String) throws -> Entry) throws -> [Entry] {
            try library.ids(shelf).compactMap { id in
                do { return try read(id) } catch let error as DocumentError {
                    unreadable.append("\(error)")
                    return nil
                }
            }
        }
        let listing = switch shelf {
        case .devices: Listing(devices: try entries(.devices, library.device))
        case .systems: Listing(systems: try entries(.systems) { try library.system($0) })
        case .runtimes: Listing(runtimes: try entries(.runtimes, library.runtime))
        case .models: Listing(models: try entries(.models, library.model))
        case .jobs: Listing(jobs: try entries(.jobs, library.job))
        }
        try Terminal.print(json ? listing.json.text(width: 400, packed: false) + "\n" : listing.text(Terminal.style))
        if !unreadable.isEmpty { throw Terminal.Failures(messages: unreadable) }
    }
}
