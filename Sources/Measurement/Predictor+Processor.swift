import Documents
import Hardware
import Operators
import Quantities
import Workloads

/// Decoders that a row describes by their sizes, without a name in the library.
extension Predictor {
    /// The model of a row that states `layers`, `hidden` … in `op_params`, nil where it states none.
    static func statedModel(_ row: RowReading) throws(RowError) -> Model? {
        guard row.text("layers") != nil, row.text("hidden") != nil else { return nil }
        func number(_ name: String, or fallback: Int? = nil, in range: ClosedRange<Int>) throws(RowError) -> JSON {
            if let fallback { return JSON(try row.count(name, or: fallback, in: range)) }
            return JSON(try row.count(name, in: range))
        }
        let wide = 1...10_000_000, inner = try number("inter", in: wide)
        var stack: [JSON.Member] = [
            .init(key: "layers", value: try number("layers", in: 1...10_000)),
            .init(key: "attention", value: ["heads": try number("heads", in: 1...65536), "kvHeads": try number("kv_heads", in: 1...65536),
                                            "headDimension": try number("head_dim", in: 1...65536)]),
            .init(key: "feedForward", value: ["kind": "swiglu", "dimension": inner]),
        ]
        if row.text("experts") != nil {
            stack.append(.init(key: "experts", value: ["count": try number("experts", in: 1...16384), "topK": try number("topk", in: 1...4096), "dimension": inner]))
        }
        let json: JSON = ["name": "decoder of the row", "family": "decoder", "hidden": try number("hidden", in: wide), "vocabulary": try number("vocabulary", in: wide),
                          "norm": "rms", "rotary": true, "decoder": .object(stack), "source": "op_params of the row"]
        do throws(DocumentError) { return try Model(reading: Document(file: "op_params", json: json), id: "stated") } catch {
            throw RowError("the sizes in op_params make no model: \(error)")
        }
    }

    /// Where the weights of a run lie, by the drive that its row names.
    ///
    /// The last layer of a step is computed with while the first of the next is read: steps follow each other.
    mutating func drive(_ row: RowReading) throws(RowError) -> Device? {
        guard row.row.phase == "offload" else { return nil }
        guard let label = row.text("storage") else { throw RowError("no storage: the row does not say from where weights are read") }
        return try device(label)
    }
}
