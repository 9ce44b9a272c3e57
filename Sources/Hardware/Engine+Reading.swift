import Documents
import Quantities

extension Engine {
    /// - Parameters:
    ///   - units: the device's, which an engine has one each of unless it says otherwise.
    ///   - boost: the device's boost clock, nil where it declares none.
    ///   - banks: of the first organised memory level, for a bank engine.
    init(_ kind: Kind, reading document: Document, units: Int, boost: Hertz?, banks: Int?) throws(DocumentError) {
        var reader = try document.object()
        self.kind = kind
        if let stated = try reader.optional("count")?.count() {
            count = stated
        } else if kind == .bank {
            guard let banks else {
                throw document.error("\"count\" is missing, and no memory level has an \"organisation\" to count banks from")
            }
            count = banks
        } else {
            count = units
        }
        if let stated = try reader.optional("clock")?.frequency() {
            clock = stated
        } else if let boost {
            clock = boost
        } else {
            throw document.error("\"clock\" is missing, here and on the device")
        }
        let section = try reader.require("rates")
        rates = try section.table(NumberFormat.self, FlopsPerCycle.self, in: Bounds.perCycle)
        guard !rates.isEmpty else { throw section.error("is empty; state a rate, as in \"fp16\": \"1024 FMA/cycle\"") }
        sparsity24 = try reader.optional("sparsity24")?.number(in: 1...2) ?? 1
        operandReads = try reader.optional("operandReads")?.number(in: 1...16) ?? 2
        registers = try reader.optional("registers")?.integer(in: 1...1024)
        multicast = try reader.optional("multicast")?.integer(in: 1...64) ?? 1
        if registers != nil, kind != .vector {
            throw document.error("\"registers\" are the vector registers of a processor, but this engine is a \(kind.rawValue) engine")
        }
        systolic = nil
        if kind == .systolic {
            var array = Systolic(rows: try reader.require("rows").count(), columns: try reader.require("columns").count(),
                                 dataflow: try reader.require("dataflow").choice())
            if let section = reader.optional("doubleBuffered") {
                array.doubleBuffered = try section.bool()
                guard !array.doubleBuffered || array.dataflow != .outputStationary else {
                    throw section.error("an output-stationary array holds no operand that a second one could replace")
                }
            }
            systolic = array
        }
        try reader.finish()
    }
}
