import ArgumentParser
import Orrery

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check files: the whole library, or those that are named.",
        discussion: """
            Reads each file as the other commands would and says what is wrong in it: unknown keys, missing units, parts \
            that do not multiply to the quoted peak, values without a source. What a file describes is told from its \
            "$schema", or from its keys.

            Examples:
              orrery check
              orrery check my-device.json my-job.json
            """)

    @Argument(help: "Files to check; all of the library without any.")
    var files: [String] = []

    @OptionGroup var library: LibraryOptions

    func run() throws {
        let library = try library.open()
        let errors: [DocumentError], count: Int
        if files.isEmpty {
            errors = library.checkAll()
            count = Library.Shelf.allCases.reduce(library.sweeps.count) { $0 + library.ids($1).count }
        } else {
            errors = files.compactMap { library.check(file: $0) }
            count = files.count
        }
        guard errors.isEmpty else { throw Terminal.Failures(messages: errors.map(\.description)) }
        try Terminal.print("\(count) file\(count == 1 ? "" : "s") checked, nothing wrong\n")
    }
}
