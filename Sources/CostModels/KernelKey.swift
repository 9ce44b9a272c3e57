import Operators
import Quantities

/// Which kernels of a library do an operator: what has a calibration of its own.
public struct KernelKey: Hashable, Sendable {
    /// Families as measured runs call them.
    public enum Family: String, CaseIterable, Sendable {
        case gemm
        case attentionPrefill = "attn_prefill"
        case attentionDecode = "attn_decode"
        case experts = "moe_gemm"
        case collective = "comm"
        case expertExchange = "moe_all2all"
        /// Norms, activations, moves of rows: on processors, whose rows are timed one operator at a time.
        case elementwise
        /// Memory to memory, and a drive to memory.
        case copy
        case fileRead = "offload"

        /// What surrounds a product, attention or exchange; of interest by itself on processors alone.
        public var isHelper: Bool { self == .elementwise || self == .copy || self == .fileRead }

        /// What goes over links between devices.
        public var isExchange: Bool { self == .collective || self == .expertExchange }
    }

    public var family: Family
    /// Formats of the operands, or the kind of the collective: `bf16 × int4`, `fp8, cache fp8`, `all-reduce`.
    public var format: String
    /// What else makes a library choose another kernel, the most telling first: of attention, whether there is a sliding window, the
    /// head dimension, and for decode whether query heads share a cached one. Empty for any.
    public var variant: String

    public init(_ family: Family, format: String, variant: String = "") {
        self.family = family
        self.format = format
        self.variant = variant
    }

    /// The product, attention or exchange that a row of measured kernels is about; nil for what surrounds it.
    public init?(_ operation: Operator) {
        self.init(operation, choice: .none)
        if isHelper { return nil }
    }

    /// Of any operator, for rows that time one alone.
    ///
    /// - Parameter choice: of the cost model: streaming weights and packing them are two kernels.
    public init?(_ operation: Operator, choice: Choice) {
        let way = if case .streamed = choice { ", streamed" } else { "" }
        switch operation {
        case .matmul(let o): self.init(.gemm, format: "\(Self.name(o.activations)) × \(Self.name(o.weights))\(way)")
        case .grouped(let o): self.init(.experts, format: "\(Self.name(o.activations)) × \(Self.name(o.weights))\(way)")
        case .attention(let o):
            self.init(o.isDecode ? .attentionDecode : .attentionPrefill, format: "\(Self.name(o.activations)), cache \(Self.name(o.cache))",
                      variant: Self.variants(o).joined(separator: Self.further))
        case .collective(let o):
            if o.kind == .allToAll, o.messages > 0 {
                self.init(.expertExchange, format: Self.name(o.format))
            } else {
                self.init(.collective, format: o.kind.rawValue)
            }
        case .elementwise(let o): self.init(o.kind == .move ? .copy : .elementwise, format: Self.name(o))
        case .copy: self.init(.fileRead, format: "copy")
        }
    }

    /// An operator that the others surround in a row of measured kernels: helpers are never what was calibrated.
    public var isHelper: Bool { family.isHelper }

    private static let further = ", "
    public static let sharedHeads = "shared heads", loneHeads = "lone heads"

    private static func variants(_ o: Attention) -> [String] {
        [o.window > 0 ? "window" : "all keys", o.sharedKeyValue ? "latent" : "head \(o.keyDimension)"]
            + (o.isDecode ? [o.heads > o.kvHeads ? sharedHeads : loneHeads] : [])
    }

    /// Its variant, shortened from the end step by step; none where it has none.
    public var variants: [String] {
        var found = [variant], rest = variant[...]
        while let comma = rest.lastIndex(of: ",") {
            rest = rest[..<comma]
            found.append(String(rest))
        }
        return variant.isEmpty ? [] : found
    }

    /// How much a calibration of a variant says of this one: 0 of any, else the parts of its name, the more the closer; nil of another.
    func closeness(ofVariant other: String) -> Int? {
        if other.isEmpty { return 0 }
        let own = variant.utf8, wanted = other.utf8
        guard own.starts(with: wanted), own.count == wanted.count || own.dropFirst(wanted.count).first == UInt8(ascii: ",") else { return nil }
        return wanted.reduce(1) { $0 + ($1 == UInt8(ascii: ",") ? 1 : 0) }
    }

    /// One kind of norm or activation is another loop than the next; what goes with the shape is none.
    private static func name(_ o: Elementwise) -> String {
        switch o.kind {
        case .norm, .activation: "\(o.kind.rawValue) of \(Int(o.flopsPerElement)) operations"
        default: o.kind.rawValue
        }
    }

    /// The 16-bit floating-point formats go through the same kernels at the same rate.
    private static func name(_ format: TensorFormat) -> String { format == .fp16 ? "bf16" : format.description }

    /// The format that a product or attention is done in, that of its left operand; nil of what is neither.
    var math: NumberFormat? { NumberFormat(rawValue: String(format.prefix { $0 != "/" && $0 != " " && $0 != "," })) }

    /// The formats without the scales that groups of elements share.
    var plainFormat: String {
        format.split(separator: " ", omittingEmptySubsequences: false).map { $0.prefix { $0 != "/" } }.joined(separator: " ")
    }
}

/// The measures of an operator by which a kernel's time grows beside the times of its resources.
struct KernelShape: Sendable {
    /// Elements of a reduction, one after the other: k of a product, keys of attention.
    var depth = 0.0
    /// Elements of the left operand.
    var inputs = 0.0
    /// Elements of a product's result; query rows times heads of attention.
    var outputs = 0.0
    /// Experts with tokens.
    var groups = 0.0
    /// Elements of the right operand, and its columns over all experts with tokens.
    var weights = 0.0
    var columns = 0.0
    /// Devices that exchange, beyond the first.
    var peers = 0.0
    /// Bytes that leave each of them.
    var linkBytes = 0.0
    /// Bytes of all the others' buffers in an all-reduce inside a node; 0 elsewhere.
    var oneShotBytes = 0.0
    /// Tokens that travel, one message each.
    var messages = 0.0
    /// Tokens and bytes of each of the units that copy, where their number is stated.
    var messagesOfUnit = 0.0
    var bytesOfUnit = 0.0
    /// 1 where the context of attention is cut into parts.
    var cuts = 0.0
    /// Elements of an expert's result for every choice of a token, on whichever rank its expert lies.
    var places = 0.0

    init(_ operation: Operator, _ demand: Demand) {
        switch operation {
        case .matmul(let o):
            depth = Double(o.k)
            inputs = Double(o.m) * Double(o.k) * Double(o.batch)
            outputs = Double(o.m) * Double(o.n) * Double(o.batch)
            columns = Double(o.n) * Double(o.batch)
            weights = columns * depth
        case .grouped(let o):
            depth = Double(o.k)
            inputs = Double(o.rows) * Double(o.k)
            outputs = Double(o.rows) * Double(o.n)
            groups = Double(o.tokens.count)
            places = Double(max(o.choices, o.rows)) * Double(o.n)
            columns = Double(o.n) * groups
            weights = columns * depth
        case .attention(let o):
            depth = Double(o.context)
            outputs = Double(o.batch) * Double(o.queries) * Double(o.heads)
            if case .contextSplit(_, let parts) = demand.choice, parts > 1 { cuts = 1 }
        case .collective(let o):
            peers = Double(o.participants - 1)
            linkBytes = demand.linkBytes.value
            messages = Double(o.messages)
            if o.kind == .allReduce, !o.crossesNodes { oneShotBytes = peers * o.bytes.value }
            if o.units > 0 { (messagesOfUnit, bytesOfUnit) = (messages / Double(o.units), linkBytes / Double(o.units)) }
        case .elementwise(let o):
            inputs = o.elements
            outputs = Double(o.rows)
        case .copy(let o):
            linkBytes = o.bytes.value
            messages = Double(o.requests)
        }
    }
}
