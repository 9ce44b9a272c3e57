import Documents
import Hardware
import Quantities
import Testing

@Suite("Nasty values")
struct NastyValues {
    static let nasty: [JSON] = [
        .null, .bool(true), .number("0"), .number("-1"), .number("1e308"), .number("9007199254740992"), .number("1e-320"), .string(""),
        .string("x"), .string("0 GB"), .string("1e300 GHz"), .string("1e-300 s"), .string("1e12 cycles"), .string("1e9 B/cycle"),
        .string("1e9 FMA/cycle"), .string("1 Hz"), .string("1e17 B"), .string("NaN W"), .string("\u{0}"), .array([]), .object([]),
        .array([.object([])]), .object([.init(key: "", value: .string("1 GB/s"))]),
    ]

    /// The value with each of its places in turn replaced by the next nasty value.
    private func mutants(of json: JSON, _ next: inout Int) -> [JSON] {
        next += 1
        var mutants = [Self.nasty[next % Self.nasty.count]]
        switch json {
        case .object(let members):
            for (index, member) in members.enumerated() {
                for value in self.mutants(of: member.value, &next) {
                    var changed = members
                    changed[index] = .init(key: member.key, value: value)
                    mutants.append(.object(changed))
                }
            }
        case .array(let items):
            for (index, item) in items.enumerated() {
                for value in self.mutants(of: item, &next) {
                    var changed = items
                    changed[index] = value
                    mutants.append(.array(changed))
                }
            }
        default: break
        }
        return mutants
    }

    private func mutants(of name: String, on shelf: Library.Shelf) throws -> [Document] {
        var next = name.utf8.reduce(0) { $0 + Int($1) }
        return mutants(of: try library.document(name, on: shelf).json, &next).map { Document(file: "mutant.json", json: $0) }
    }

    @Test("A device with a nasty value in any place is refused, or every number derived from it is finite", arguments: library.ids(.devices))
    func devices(_ id: String) throws {
        for mutant in try mutants(of: id, on: .devices) {
            guard let device = try? Device(reading: mutant) else { continue }
            for resource in Device.Resource.allCases { _ = device.scaled(resource, by: 1.1) }
            for variant in try [device] + device.modes.map({ try device.inMode($0.name) }) {
                for engine in variant.engines {
                    for format in engine.rates.keys { #expect(engine.peak(format)!.value > 0 && engine.peak(format)!.value.isFinite) }
                }
                for level in variant.memory {
                    if let bandwidth = level.bandwidth { #expect((level.capacity / bandwidth).value.isFinite) }
                    if let latency = level.latency { #expect(latency.value.isFinite) }
                }
            }
        }
    }

    @Test("A system or a runtime with a nasty value in any place is refused or read, never a crash")
    func others() throws {
        var devices: [String: Device] = [:]
        for id in library.ids(.devices) { devices[id] = try library.device(id) }
        for id in library.ids(.systems) {
            for mutant in try mutants(of: id, on: .systems) {
                _ = try? System(reading: mutant) { try devices[$0] ?? library.device($0) }.acceleratorCount
            }
        }
        for id in library.ids(.runtimes) {
            for mutant in try mutants(of: id, on: .runtimes) { _ = try? Runtime(reading: mutant) }
        }
        for id in library.ids(.architectures) {
            for mutant in try mutants(of: id, on: .architectures) { _ = try? Architecture(reading: mutant) }
        }
    }
}
