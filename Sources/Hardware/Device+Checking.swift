import Documents
import Quantities

extension Device {
    /// How far the product of the parts may lie from the figure on the datasheet, which rounds.
    static let tolerance = 0.03

    /// Checks that the parts of the declaration agree with each other.
    ///
    /// - Parameter document: the file it was read from, for places and spellings in the messages.
    func check(against document: Document) throws(DocumentError) {
        let place = Place(document)
        if let base = clock.base, base > clock.boost {
            throw place.error("clock", "the base clock of \(base) is above the boost clock of \(clock.boost)")
        }
        for engine in engines { try check(engine, place) }
        try checkQuoted(place)
        try checkMemory(place)
        try checkPower(place)
        try checkAchieved(place)
        for mode in modes { try check(mode, place) }
    }

    // MARK: Engines

    private func check(_ engine: Engine, _ place: Place) throws(DocumentError) {
        let path = "engines.\(engine.kind.rawValue)"
        if let array = engine.systolic {
            let cells = Double(array.rows) * Double(array.columns)
            for (format, rate) in engine.rates {
                // Cells that multiply 16-bit operands may take two of 8 bits or four of 4 bits instead.
                let packed = format.bits < 16 ? [1, 2, 4].filter { Double($0) <= 16 / format.bits } : [1]
                guard packed.contains(where: { (rate.value - 2 * cells * Double($0)).magnitude <= 1e-6 * rate.value }) else {
                    throw place.error(path, "\(array.rows) rows × \(array.columns) columns make \(significant(cells, digits: 9)) MAC/cycle, "
                        + "but \"rates.\(format.rawValue)\" says \(significant(rate.value / 2, digits: 9)) MAC/cycle")
                }
            }
        }
        if engine.kind == .bank, let organisation = memory.lazy.compactMap(\.organisation).first {
            for (format, rate) in engine.rates {
                // One operand of every multiply-accumulate comes out of the bank's column, the other is shared.
                let perCycle = rate.value / 2 * format.bits / 8
                let columns = max(1, (organisation.clock / engine.clock).rounded())
                guard perCycle <= organisation.columnSize.value * columns * 1.001 else {
                    throw place.error(path, "\(place.text(path + ".rates." + format.rawValue)) of \(format.rawValue) needs \(significant(perCycle)) B "
                        + "of its bank a cycle, but a column has \(organisation.columnSize)")
                }
            }
        }
    }

    private func checkQuoted(_ place: Place) throws(DocumentError) {
        for (kind, figures) in quoted.inOrder {
            guard let engine = engine(kind) else {
                throw place.error("quoted.\(kind.rawValue)", "the device has no \(kind.rawValue) engine; it has \(list(engines.map(\.kind.rawValue)))")
            }
            for (format, figure) in figures {
                let path = "quoted.\(kind.rawValue).\(format.rawValue)"
                guard let peak = engine.peak(format) else {
                    throw place.error(path, "\"engines.\(kind.rawValue).rates\" has no \(format.rawValue)")
                }
                guard (peak.value / figure.value - 1).magnitude > Self.tolerance else { continue }
                let rate = place.text("engines.\(kind.rawValue).rates.\(format.rawValue)")
                let sparse = engine.sparsity24 > 1 && (peak.value * engine.sparsity24 / figure.value - 1).magnitude <= Self.tolerance
                throw place.error("engines.\(kind.rawValue)", "\(engine.count) units × \(rate) × \(engine.clock) gives \(peak), "
                    + "but \"\(path)\" says \(figure)" + (sparse ? " (is that the 2:4 sparse figure?)" : ""))
            }
        }
    }

    // MARK: Power and measured maxima

    private func checkPower(_ place: Place) throws(DocumentError) {
        if let limit = power.limit {
            if let idle = power.idle, idle >= limit { throw place.error("power.idle", "\(idle) is not below the limit of \(limit)") }
            if let active = power.active, active >= limit { throw place.error("power.active", "\(active) is not below the limit of \(limit)") }
        }
        if let idle = power.idle, let active = power.active, active < idle {
            throw place.error("power.active", "\(active) with a kernel resident is less than \(idle) when idle")
        }
        for (level, _) in power.perByte where self.level(level) == nil {
            throw place.error("power.perByte.\(level.rawValue)", "the device has no memory level \"\(level.rawValue)\"")
        }
        if power.perBankByte != nil, engine(.bank) == nil {
            throw place.error("power.perBankByte", "no engine of the device reads a bank without its bus")
        }
        for (format, _) in power.perFlop where engines.allSatisfy({ $0.rates[format] == nil }) {
            throw place.error("power.perFlop.\(format.rawValue)", "no engine of the device has a rate for \(format.rawValue)")
        }
    }

    private func checkAchieved(_ place: Place) throws(DocumentError) {
        for (name, reached) in achieved.bandwidth {
            let path = "achieved.bandwidth.\(name.rawValue)"
            guard let level = level(name) else { throw place.error(path, "the device has no memory level \"\(name.rawValue)\"") }
            guard let peak = level.bandwidth.map({ level.scope == .unit ? $0 * Double(units) : $0 }) else { continue }
            if reached > peak { throw place.error(path, "\(reached) is more than the \(peak) that the memory has") }
        }
        for (format, reached) in achieved.compute {
            let path = "achieved.compute.\(format.rawValue)"
            guard let peak = engines.compactMap({ $0.peak(format) }).max() else {
                throw place.error(path, "no engine of the device has a rate for \(format.rawValue)")
            }
            if reached > peak { throw place.error(path, "\(reached) is more than the peak of \(peak)") }
        }
    }

    private func check(_ mode: Mode, _ place: Place) throws(DocumentError) {
        let path = "modes.\(mode.name)"
        if let units = mode.units, units > self.units { throw place.error("\(path).units", "\(units) is more than the \(self.units) of the device") }
        if let clock = mode.clock, clock > self.clock.boost {
            throw place.error("\(path).clock", "\(clock) is above the boost clock of \(self.clock.boost)")
        }
        if let bandwidth = mode.dramBandwidth {
            guard let full = level(.dram)?.bandwidth else { throw place.error("\(path).dramBandwidth", "the device states no DRAM bandwidth") }
            if bandwidth > full { throw place.error("\(path).dramBandwidth", "\(bandwidth) is more than the full \(full)") }
        }
        if let limit = mode.limit {
            if let full = power.limit, limit > full { throw place.error("\(path).limit", "\(limit) is above the limit of \(full)") }
            if let least = [power.idle, power.active].compactMap({ $0 }).max(), limit <= least {
                throw place.error("\(path).limit", "\(limit) is not above the \(least) drawn before any operation")
            }
        }
    }
}

/// Makes errors about places inside one file and finds what was written there.
struct Place {
    let document: Document
    init(_ document: Document) { self.document = document }

    func error(_ path: String, _ message: String) -> DocumentError {
        DocumentError(file: document.file, path: path, message: message)
    }

    /// The text at a path of keys, `?` where there is none.
    func text(_ path: String) -> String {
        var json = document.json
        for key in path.split(separator: ".") { json = json[String(key)] ?? .null }
        if case .string(let text) = json { return text }
        return "?"
    }
}

extension Dictionary where Key: RawRepresentable, Key.RawValue == String {
    /// The members in the order of their keys, so that of several errors the same one is always reported.
    var inOrder: [(key: Key, value: Value)] { sorted { $0.key.rawValue < $1.key.rawValue } }
}
