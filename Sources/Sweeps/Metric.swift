import Documents
import Quantities
import ResultsStore

/// The figures that a sweep keeps of every point: what objectives and constraints may name.
public enum Metric: String, CaseIterable, Sendable {
    /// Seconds of the whole job, to the first token, and for each output token after it.
    case latency, ttft, tpot
    /// Tokens a second of all sequences: output tokens, or prompt tokens of a prefill job.
    case throughput
    /// The physical bound of the whole job, and the part of the time in which the accelerators run kernels.
    case bound, busy
    /// Joules of the whole job, and for each token that `throughput` counts.
    case energy, energyPerToken
    case power
    /// Bytes on each accelerator, and what is left of those that the runtime may use.
    case memory, memoryFree
    /// Accelerators that the job takes.
    case devices
    /// Of those accelerators, by the prices of the grid: an hour, and a million of the tokens that `throughput` counts.
    case price, costPerMillionTokens

    /// Unit of the values; prices are in the currency of the grid.
    func unit(currency: String) -> String {
        switch self {
        case .latency, .ttft, .tpot, .bound: "s"
        case .throughput: "tokens/s"
        case .busy, .devices: ""
        case .energy, .energyPerToken: "J"
        case .power: "W"
        case .memory, .memoryFree: "B"
        case .price: "\(currency)/h"
        case .costPerMillionTokens: currency
        }
    }

    /// As a reader calls it.
    public var title: String {
        switch self {
        case .latency: "whole job"
        case .ttft: "time to first token"
        case .tpot: "time per output token"
        case .throughput: "throughput"
        case .bound: "physical bound of the whole job"
        case .busy: "part of the time in which accelerators are busy"
        case .energy: "energy"
        case .energyPerToken: "energy per token"
        case .power: "average power"
        case .memory: "memory of an accelerator"
        case .memoryFree: "memory of an accelerator left free"
        case .devices: "accelerators"
        case .price: "price"
        case .costPerMillionTokens: "cost per million tokens"
        }
    }

    var usualGoal: SweepResults.Objective.Goal {
        switch self {
        case .throughput, .busy, .memoryFree: .max
        default: .min
        }
    }

    func described(currency: String) -> SweepResults.Metric { .init(name: rawValue, unit: unit(currency: currency), title: title) }

    /// A value as a person writes it beside a constraint, in the unit of the metric.
    func value(parsing text: String, currency: String, _ document: Document) throws(DocumentError) -> Double {
        func quantity<D>(_: Quantity<D>.Type) throws(DocumentError) -> Double {
            do { return try Quantity<D>(parsing: text).value } catch { throw document.malformed(error.description) }
        }
        switch self {
        case .latency, .ttft, .tpot, .bound: return try quantity(Seconds.self)
        case .energy, .energyPerToken: return try quantity(Joules.self)
        case .power: return try quantity(Watts.self)
        case .memory, .memoryFree: return try quantity(Bytes.self)
        case .throughput, .busy, .devices, .price, .costPerMillionTokens:
            let unit = unit(currency: currency), words = text.split(separator: " ", maxSplits: 1).map(String.init)
            guard let number = words.first.flatMap(Double.init), number.isFinite, words.count == (unit.isEmpty ? 1 : 2), unit.isEmpty || words[1] == unit else {
                throw document.malformed("\"\(text)\" is no \(title); write it as in \"<= 10\(unit.isEmpty ? "" : " " + unit)\"")
            }
            return number
        }
    }
}
