import CostModels
import Operators
import Quantities

extension KernelSite {
    /// Where an exchange lies on the curves of its kernel: bytes of a collective among so many; tokens of an exchange of experts,
    /// whatever a token is, and with what a token is. Nil for families that have no curves.
    public var curvePlace: CurvePlace? {
        guard family == .collective || family == .expertExchange, case .collective(let o)? = operators.first, o.bytes.value > 0 else { return nil }
        guard family == .expertExchange else {
            return CurvePlace(size: Float(lg(o.bytes.value)), levels: [.init([Float(o.participants)])])
        }
        let tokens = max(1, Double(o.messages)), copies = (o.bytes.value / tokens / max(1, o.messageBytes.value) * 100).rounded() / 100
        return CurvePlace(size: Float(lg(tokens)), levels: [.init([]), .init([Float(o.messageBytes.value), Float(copies)])])
    }
}
