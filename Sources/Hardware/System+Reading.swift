import Documents
import Quantities

extension System {
    /// Reads a system declaration.
    ///
    /// - Parameter find: looks a device up by what stands under `spec`; its message becomes that of the place.
    /// - Throws: `DocumentError` for the first value that is malformed, unsourced or contradicts another.
    public init(reading document: Document, id: String? = nil, device find: (String) throws -> Device) throws(DocumentError) {
        var reader = try document.object()
        let name = try reader.require("name").string()
        let aliases = try reader.optional("aliases")?.strings() ?? []
        let nodes = try reader.optional("nodes")?.count() ?? 1
        let devices = try reader.require("devices")
        var groups: [Group] = []
        for (name, section) in try devices.members() { groups.append(try Group(name, reading: section, device: find)) }
        guard !groups.isEmpty else { throw devices.error("is empty; name at least one group of devices") }
        var links: [Link] = []
        for section in try reader.optional("links")?.array() ?? [] { links.append(try Link(reading: section, groups: groups)) }
        let provenance = try Provenance(taking: &reader)
        try reader.finish()
        self.init(id: id ?? identifier(of: document.file), name: name, aliases: aliases, nodes: nodes, groups: groups, links: links, provenance: provenance)
        try check(against: document)
    }

    private func check(against document: Document) throws(DocumentError) {
        let place = Place(document)
        guard groups.contains(where: { $0.device.engines.isEmpty == false }) else {
            throw place.error("devices", "none of the devices can compute")
        }
        for (index, link) in links.enumerated() {
            let path = "links[\(index)]"
            if link.scope == .system, nodes == 1 {
                throw place.error("\(path).scope", "\"\(link.name)\" joins nodes, but there is only one; give \"nodes\" or use \"node\"")
            }
            if links[..<index].contains(where: { $0.name == link.name }) {
                throw place.error("\(path).name", "a second link is called \"\(link.name)\"")
            }
            if link.between.count == 1, link.scope == .node, let group = group(link.between[0]), group.count < 2 {
                throw place.error("\(path).between", "there is only one \"\(group.name)\" in a node to join")
            }
        }
        if nodes > 1, !links.contains(where: { $0.scope == .system }) {
            throw place.error("links", "\(nodes) nodes, but no link with the scope \"system\" joins them")
        }
    }

    /// One accelerator with the host it is usually attached to, linked by the fastest port that both have.
    ///
    /// - Parameter host: nil for a device that runs on its own.
    ///
    /// - Parameter drive: a drive beside it, on a link as fast as its port or, where it states none, as itself.
    public init(single device: Device, host: Device? = nil, drive: Device? = nil) {
        let part = switch device.kind {
        case .storage: "ssd"
        case .cpu: "host"
        default: device.kind.rawValue
        }
        var groups = [Group(name: part, device: device, count: 1)]
        var links: [Link] = []
        if let host, device.kind != .cpu {
            groups.append(Group(name: "host", device: host, count: 1))
            let shared = device.ports.compactMap { port in host.ports.first { $0.name == port.name }.map { (port, $0) } }
            let widest = shared.max { min($0.0.bandwidth, $0.1.bandwidth) < min($1.0.bandwidth, $1.1.bandwidth) }
            if let (near, far) = widest {
                links.append(Link(name: near.name, topology: .pointToPoint, scope: .node, between: ["host", part],
                                  bandwidth: min(near.bandwidth, far.bandwidth), achieved: near.achieved,
                                  latency: near.latency ?? far.latency ?? .zero, reduces: false, energy: nil))
            }
        }
        if let drive {
            groups.append(Group(name: "ssd", device: drive, count: 1))
            let port = drive.ports.max { $0.bandwidth < $1.bandwidth }, main = drive.mainMemory
            let own = main.bandwidth ?? BytesPerSecond(.infinity), reached = drive.achieved.bandwidth[main.level]
            links.append(Link(name: port?.name ?? "drive", topology: .pointToPoint, scope: .node, between: ["ssd", part], bandwidth: port?.bandwidth ?? own,
                              achieved: port?.achieved ?? reached, latency: port?.latency ?? .zero, reduces: false, energy: nil))
        }
        self.init(id: device.id, name: device.name, groups: groups, links: links, provenance: device.provenance)
    }
}

extension System.Group {
    init(_ name: String, reading document: Document, device find: (String) throws -> Device) throws(DocumentError) {
        var reader = try document.object()
        let spec = try reader.require("spec")
        let text = try spec.string()
        self.name = name
        do { device = try find(text) } catch let error as DocumentError {
            throw error.path.isEmpty && error.file == text ? spec.error("\"\(text)\" \(error.message)") : error
        } catch { throw spec.error("\"\(text)\": \(error)") }
        count = try reader.optional("count")?.count() ?? 1
        try reader.finish()
    }
}

extension Link {
    init(reading document: Document, groups: [System.Group]) throws(DocumentError) {
        var reader = try document.object()
        name = try reader.require("name").string()
        topology = try reader.require("topology").choice()
        scope = try reader.optional("scope")?.choice() ?? .node
        let section = try reader.require("between")
        between = []
        for item in try section.array() {
            let group = try item.string()
            guard groups.contains(where: { $0.name == group }) else {
                let names = groups.map(\.name)
                let hint = nearest(to: group, among: names).map { "did you mean \"\($0)\"?" } ?? "the groups are \(list(names))"
                throw item.error("there is no group \"\(group)\"; \(hint)")
            }
            guard !between.contains(group) else { throw item.error("\"\(group)\" stands here twice") }
            between.append(group)
        }
        guard !between.isEmpty else { throw section.error("is empty; name the groups that the link joins") }
        bandwidth = try reader.require("bandwidth").bandwidth()
        achieved = try reader.optional("achieved")?.bandwidth()
        latency = try reader.require("latency").time()
        reduces = try reader.optional("reduces")?.bool() ?? false
        energy = try reader.optional("energy")?.quantity(in: Bounds.perByte)
        try reader.finish()
        if let achieved, achieved > bandwidth {
            throw document.error("the achieved \(achieved) are more than the bandwidth of \(bandwidth)")
        }
        if reduces, topology != .switch { throw document.error("only a switch reduces what passes through it") }
    }
}
