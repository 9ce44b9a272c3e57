import Orrery

/// Changes to a JSON document that keep it JSON: what a slip of the pen, of a unit or of a script would do to it.
struct TreeMutation {
    var random: SplitMix
    /// Other documents of the same kind, to borrow parts from.
    let others: [JSON]

    /// `document` with one place changed.
    mutating func mutate(_ document: JSON) -> JSON {
        var left = Int.random(in: 0..<document.size, using: &random)
        return changing(document, countdown: &left)
    }

    private mutating func changing(_ json: JSON, countdown left: inout Int) -> JSON {
        if left == 0 {
            left = -1
            return replaced(json)
        }
        left -= 1
        switch json {
        case .object(var members):
            for index in members.indices where left >= 0 {
                members[index] = JSON.Member(key: members[index].key, value: changing(members[index].value, countdown: &left))
            }
            return .object(members)
        case .array(var items):
            for index in items.indices where left >= 0 { items[index] = changing(items[index], countdown: &left) }
            return .array(items)
        default:
            return json
        }
    }

    private mutating func replaced(_ json: JSON) -> JSON {
        if random.once(in: 12) { return random.choose(Self.strange) }
        if random.once(in: 20) { return random.choose(others).part(Int.random(in: 0..<64, using: &random)) }
        switch json {
        case .number(let text): return .number(number(text))
        case .string(let text): return .string(string(text))
        case .bool(let value): return .bool(!value)
        case .null: return random.choose(Self.strange)
        case .object(let members): return .object(self.members(members))
        case .array(let items): return .array(self.items(items))
        }
    }

    // MARK: Values

    /// Gentle changes are the likelier ones: they are read, and reach what lies behind the reader.
    private mutating func number(_ text: String) -> String {
        guard let value = Double(text), value.isFinite else { return text }
        if random.once(in: 4) { return random.choose(Self.numbers) }
        let scaled = value * random.choose([0.5, 2, 3, 4, 10, 0.1, 1.01, 1000, -1, 0])
        if random.once(in: 3) { return JSON(scaled + random.choose([-1, 1])).compact }
        return scaled == scaled.rounded() && abs(scaled) < 1e15 ? String(Int64(scaled)) : JSON(scaled).compact
    }

    private mutating func string(_ text: String) -> String {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        if parts.count == 2, Double(parts[0]) != nil {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: return parts[0]
            case 1: return "\(parts[0]) \(random.choose(Self.units))"
            case 2: return "-\(text)"
            default: return "\(number(parts[0])) \(parts[1])"
            }
        }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return random.choose(Self.words)
        case 1: return String(text.dropLast())
        case 2: return text + random.choose(Self.unicode)
        case 3: return String(text.prefix(text.count / 2)) + random.choose(Self.unicode) + String(text.suffix(text.count / 2))
        case 4: return ""
        default: return random.choose(others).someString(Int.random(in: 0..<64, using: &random)) ?? text
        }
    }

    private mutating func members(_ members: [JSON.Member]) -> [JSON.Member] {
        guard !members.isEmpty else { return [JSON.Member(key: random.choose(Self.words), value: random.choose(Self.strange))] }
        var changed = members
        let at = Int.random(in: 0..<members.count, using: &random), other = Int.random(in: 0..<members.count, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1, 2: changed.remove(at: at)
        case 3: changed.insert(members[at], at: other)
        case 4: changed[at] = JSON.Member(key: members[at].key + random.choose(Self.unicode + ["s", "_"]), value: members[at].value)
        case 5:
            changed[at] = JSON.Member(key: members[at].key, value: members[other].value)
            changed[other] = JSON.Member(key: members[other].key, value: members[at].value)
        case 6: changed[at] = JSON.Member(key: members[at].key, value: nested(members[at].value))
        default:
            if case .object(let borrowed) = random.choose(others), let one = borrowed.randomElement(using: &random) { changed.append(one) }
        }
        return changed
    }

    private mutating func items(_ items: [JSON]) -> [JSON] {
        guard !items.isEmpty else { return [random.choose(Self.strange)] }
        var changed = items
        let at = Int.random(in: 0..<items.count, using: &random), other = Int.random(in: 0..<items.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0, 1: changed.remove(at: at)
        case 2: changed.insert(items[at], at: other)
        case 3: changed.swapAt(at, other)
        default: changed = Array(repeatElement(items[at], count: random.choose([2, 8, 300])))
        }
        return changed
    }

    private mutating func nested(_ json: JSON) -> JSON {
        var json = json
        let asList = random.once(in: 2)
        for _ in 0..<random.choose([1, 2, 100, 140]) { json = asList ? .array([json]) : .object([JSON.Member(key: "a", value: json)]) }
        return json
    }

    private static let numbers = [
        "0", "-0", "1", "-1", "2", "3", "7", "0.5", "-0.0001", "1e-30", "1e308", "-1e308", "1e999", "5e-324", "2147483647", "2147483648",
        "9007199254740992", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "100000", "1000000", "10000000",
        "1000000000000", "65535", "65536", "32767", "32768", "1.0", "1E+2",
    ]
    private static let strange: [JSON] = numbers.map { .number($0) } + [
        .null, .bool(true), .bool(false), .string(""), .string(" "), .string("0 B"), .string("1e18 B"), .string("1 B/s"), .string("1e18 B/s"),
        .string("0 s"), .string("1000000 s"), .string("1e-12 s"), .string("1e300 W"), .string("NaN"), .string("inf s"), .array([]), .object([]),
        .array([.array([])]), .string(String(repeating: "x", count: 5000)),
    ]
    private static let units = ["B", "GB", "GiB", "B/s", "GB/s", "TB/s", "Gb/s", "s", "us", "ns", "cycles", "cycle", "FMA/cycle", "OP/cycle",
                                "FLOP/s", "TFLOP/s", "GHz", "MHz", "W", "kW", "pJ/B", "pJ/FLOP", "bit", "B/cycle", "J", "TBs", "ghz", "%"]
    private static let words = ["gpu", "cpu", "npu", "pim", "csd", "storage", "host", "device", "ssd", "dram", "flash", "l2", "fp16", "fp4", "int4/g128",
                                "0.8bit", "3bit/g1", "bf16+2:4", "64bit", "fp64", "tensor", "systolic", "bank", "switch", "ring", "bus", "eager", "graph",
                                "inline", "prefill", "decode", "generate", "all-to-all", "send", "../", "/", "/dev/null", "/dev/zero", ".", "a.json"]
    private static let unicode = ["\u{0}", "\u{301}", "🜲", "\u{202E}", "é", "\"", "\\", "\n", "\u{FFFD}", "٣", " ", "."]
}

extension JSON {
    /// Values in this document, itself included.
    var size: Int {
        switch self {
        case .object(let members): members.reduce(1) { $0 + $1.value.size }
        case .array(let items): items.reduce(1) { $0 + $1.size }
        default: 1
        }
    }

    /// One of its values, chosen by a number.
    func part(_ choice: Int) -> JSON {
        switch self {
        case .object(let members) where !members.isEmpty: members[choice % members.count].value
        case .array(let items) where !items.isEmpty: items[choice % items.count]
        default: self
        }
    }

    func someString(_ choice: Int) -> String? {
        switch self {
        case .string(let text): text
        case .object(let members) where !members.isEmpty: members[choice % members.count].value.someString(choice / 2)
        case .array(let items) where !items.isEmpty: items[choice % items.count].someString(choice / 2)
        default: nil
        }
    }
}
