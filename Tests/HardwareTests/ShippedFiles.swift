import Documents
import Hardware
import Quantities
import Testing

/// The library of this package.
let library: Library = {
    do { return try Library(packageFolder) } catch { preconditionFailure("\(error)") }
}()

/// The folder of the package, found from this file.
private let packageFolder = String(#filePath.dropLast("/Tests/HardwareTests/ShippedFiles.swift".count))

@Suite("Shipped files")
struct ShippedFiles {
    @Test("Every shipped device, system, runtime and architecture reads, agrees with itself and has names of its own")
    func everythingChecks() {
        #expect(library.check().map(\.description) == [])
    }
}
