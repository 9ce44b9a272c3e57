import CostModels
import Documents
import Hardware
import Sweeps
import Workloads

extension Library {
    /// What is wrong in all files of the library; empty when all is well.
    public func checkAll() -> [DocumentError] {
        check()
            + check(.calibrations) { (path) throws(DocumentError) in _ = try calibration(path) }
            + check(.models) { (path) throws(DocumentError) in _ = try model(path) }
            + check(.jobs) { (path) throws(DocumentError) in _ = try job(path) }
            + sweeps.compactMap { check(file: $0) }
    }

    /// The grids that come with the library, as paths.
    public var sweeps: [String] {
        let folder = path("Workloads/sweeps")
        return (names(inFolder: folder) ?? []).filter { $0.hasSuffix(".json") }.map { "\(folder)/\($0)" }
    }

    /// What is wrong in a file of any kind, nil when all is well.
    public func check(file: String) -> DocumentError? {
        do throws(DocumentError) {
            let document = try Document(contentsOf: file)
            if Grid.describes(document) {
                _ = try Sweep(try Grid(reading: document), in: self)
                return nil
            }
            switch try Shelf(of: document) {
            case .devices: _ = try device(Self.path(file))
            case .systems: _ = try system(Self.path(file))
            case .runtimes: _ = try runtime(Self.path(file))
            case .architectures: _ = try architecture(Self.path(file))
            case .calibrations: _ = try calibration(Self.path(file))
            case .models: _ = try model(Self.path(file))
            case .jobs: _ = try job(Self.path(file))
            }
            return nil
        } catch { return error }
    }

    /// A file without a slash or ending in its name, as a path that cannot be taken for an entry's name.
    private static func path(_ file: String) -> String { isPath(file) ? file : "./\(file)" }
}
