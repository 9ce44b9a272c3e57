import ArgumentParser
import Orrery

@main
struct OrreryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "orrery")
}
