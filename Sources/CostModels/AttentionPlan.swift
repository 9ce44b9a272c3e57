import Operators

/// How a library's kernel cuts attention into blocks: what its authors decided, and what a cost model cannot know from a device.
///
/// A kernel without a plan is taken to be cut as is fastest at the model's rates.
public struct AttentionPlan: Hashable, Sendable {
    /// Parts into which a kernel cuts the context of a block (Flash-Decoding).
    public struct Cut: Hashable, Sendable {
        /// Parts are as many as give every unit so many blocks, rounded down; nil where their number does not depend on the device.
        public var blocksPerUnit: Int?
        /// Most parts; 1 where the context stays whole.
        public var parts: Int
        /// Fewest keys of a part.
        public var keys: Int

        public init(blocksPerUnit: Int?, parts: Int, keys: Int) {
            self.blocksPerUnit = blocksPerUnit
            self.parts = parts
            self.keys = keys
        }

        public static let whole = Self(blocksPerUnit: nil, parts: 1, keys: 1)

        /// - Parameters:
        ///   - blocks: before the cut.
        ///   - visible: keys that a block looks at.
        func parts(of blocks: Double, on units: Double, visible: Double) -> Double {
            let room = blocksPerUnit.map { (Double($0) * units / blocks).rounded(.down) } ?? .infinity
            return max(1, min(room, Double(parts), ceiling(visible / Double(max(1, keys)))))
        }
    }

    /// The largest group of query heads on one cached head that shares a block; heads of a larger one have a block each.
    public var heads: Int
    /// Of heads that share a cached one, and of those that have it alone; nil: as is fastest.
    public var shared: Cut?
    public var lone: Cut?
    /// It goes through all keys and masks those outside the window.
    public var ignoresWindow: Bool

    /// Kernels that take groups of any size.
    public static let anyHeads = 1 << 16

    public init(heads: Int = anyHeads, shared: Cut? = nil, lone: Cut? = nil, ignoresWindow: Bool = false) {
        self.heads = heads
        self.shared = shared
        self.lone = lone
        self.ignoresWindow = ignoresWindow
    }

    public func way(of o: Attention) -> AttentionWay {
        let group = o.heads / max(1, o.kvHeads)
        guard o.isDecode else { return AttentionWay(ignoresWindow: ignoresWindow && o.window > 0) }
        return AttentionWay(packs: group > 1 && group <= heads, cut: group > 1 ? shared : lone, ignoresWindow: ignoresWindow && o.window > 0)
    }
}

/// What a plan comes to for one operator.
public struct AttentionWay: Hashable, Sendable {
    /// Query heads of a cached head share blocks; nil: as is fastest.
    var packs: Bool?
    /// Nil: as is fastest.
    var cut: AttentionPlan.Cut?
    var ignoresWindow = false
}

extension AttentionPlan: CustomStringConvertible {
    public var description: String {
        let groups = heads < Self.anyHeads ? "groups of up to \(heads) heads share a block" : nil
        let cuts = [("shared heads", shared), ("lone heads", lone)].compactMap { name, cut in cut.map { "\(name) \($0)" } }
        return ([groups].compactMap(\.self) + cuts + (ignoresWindow ? ["the window is ignored"] : [])).joined(separator: "; ")
    }
}

extension AttentionPlan.Cut: CustomStringConvertible {
    public var description: String {
        if parts == 1 { return "whole" }
        return "in up to \(parts) parts of at least \(keys) keys" + (blocksPerUnit.map { ", \($0) block\($0 == 1 ? "" : "s") a unit" } ?? "")
    }
}

extension AttentionPlan {
    /// Plans that kernels are known to have: one block for each unit (FlashAttention), two (FlashInfer) or four, at least a step of
    /// 128 keys each; 8 or 16 parts whatever the device (the Triton kernels of SGLang and vLLM); or none. TensorRT-LLM's kernel
    /// for shared heads takes groups of up to 32. Recalled from what their authors publish, not checked against it: candidates, of which
    /// measured rows choose (`KernelPlanning`).
    public static let cuts: [Cut?] = [nil, .whole] + [1, 2, 4].map { Cut(blocksPerUnit: $0, parts: 128, keys: 128) }
        + [8, 16].map { Cut(blocksPerUnit: nil, parts: $0, keys: 32) }
    public static let groups = [1, 32, anyHeads]
}
