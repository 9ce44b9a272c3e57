import LearnedModels

/// Reads the trees out of a model as XGBoost saves it: Universal Binary JSON (ubjson.org), numbers big-endian, arrays of one
/// type in one piece.
struct UBJSON {
    indirect enum Value {
        case object([String: Value])
        case list([Value])
        case integers([Int32])
        case numbers([Float])
        case integer(Int)
        case number(Double)
        case text(String)
        case other
    }

    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The trees of `learner.gradient_booster.model.trees`, in the order in which they were grown.
    func trees() throws -> [PlainTree] {
        var reader = self
        var value = try reader.value(try reader.mark())
        for key in ["learner", "gradient_booster", "model", "trees"] {
            guard case .object(let members) = value, let member = members[key] else { throw BoosterError(description: "XGBoost's model has no \"\(key)\"") }
            value = member
        }
        guard case .list(let list) = value else { throw BoosterError(description: "XGBoost's model has no list of trees") }
        return try list.map { tree in
            guard case .object(let members) = tree, case .integers(let left)? = members["left_children"], case .integers(let right)? = members["right_children"],
                  case .integers(let feature)? = members["split_indices"], case .numbers(let value)? = members["split_conditions"],
                  case .integers(let missing)? = members["default_left"] else { throw BoosterError(description: "XGBoost's model has a tree in an unknown form") }
            return PlainTree(left: left, right: right, feature: feature, value: value, missingGoesLeft: missing.map { $0 != 0 })
        }
    }

    private mutating func mark() throws -> UInt8 {
        guard at < bytes.count else { throw BoosterError(description: "XGBoost's model ends early") }
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func bits(_ size: Int) throws -> UInt64 {
        guard at + size <= bytes.count else { throw BoosterError(description: "XGBoost's model ends early") }
        var value: UInt64 = 0
        for _ in 0..<size {
            value = value << 8 | UInt64(bytes[at])
            at += 1
        }
        return value
    }

    private mutating func integer(_ type: UInt8) throws -> Int {
        switch type {
        case UInt8(ascii: "i"): Int(Int8(truncatingIfNeeded: try bits(1)))
        case UInt8(ascii: "U"): Int(try bits(1))
        case UInt8(ascii: "I"): Int(Int16(truncatingIfNeeded: try bits(2)))
        case UInt8(ascii: "l"): Int(Int32(truncatingIfNeeded: try bits(4)))
        case UInt8(ascii: "L"): Int(Int64(truncatingIfNeeded: try bits(8)))
        default: throw BoosterError(description: "XGBoost's model has a length of type \(type)")
        }
    }

    private mutating func text() throws -> String {
        let length = try integer(try mark())
        guard length >= 0, at + length <= bytes.count else { throw BoosterError(description: "XGBoost's model ends early") }
        defer { at += length }
        return String(decoding: bytes[at..<at + length], as: UTF8.self)
    }

    private mutating func value(_ type: UInt8) throws -> Value {
        switch type {
        case UInt8(ascii: "{"):
            var members: [String: Value] = [:]
            while at < bytes.count, bytes[at] != UInt8(ascii: "}") {
                let key = try text()
                members[key] = try value(try mark())
            }
            at += 1
            return .object(members)
        case UInt8(ascii: "["): return try list()
        case UInt8(ascii: "S"): return .text(try text())
        case UInt8(ascii: "d"): return .number(Double(Float(bitPattern: UInt32(try bits(4)))))
        case UInt8(ascii: "D"): return .number(Double(bitPattern: try bits(8)))
        case UInt8(ascii: "T"), UInt8(ascii: "F"), UInt8(ascii: "Z"), UInt8(ascii: "N"): return .other
        default: return .integer(try integer(type))
        }
    }

    private mutating func list() throws -> Value {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "$") || bytes[at] == UInt8(ascii: "#") else {
            var items: [Value] = []
            while at < bytes.count, bytes[at] != UInt8(ascii: "]") { items.append(try value(try mark())) }
            at += 1
            return .list(items)
        }
        var type: UInt8?
        if bytes[at] == UInt8(ascii: "$") {
            at += 1
            type = try mark()
        }
        guard try mark() == UInt8(ascii: "#") else { throw BoosterError(description: "XGBoost's model has a list without a length") }
        let count = try integer(try mark())
        guard count >= 0, count <= bytes.count else { throw BoosterError(description: "XGBoost's model has a list of \(count)") }
        switch type {
        case UInt8(ascii: "d")?: return .numbers(try (0..<count).map { _ in Float(bitPattern: UInt32(try bits(4))) })
        case let type? where type != UInt8(ascii: "{"): return .integers(try (0..<count).map { _ in Int32(truncatingIfNeeded: try integer(type)) })
        case let type: return .list(try (0..<count).map { _ in try value(try type ?? mark()) })
        }
    }
}
