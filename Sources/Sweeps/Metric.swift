import ResultsStore

/// The figures that a sweep keeps of every point: what objectives and constraints may name.
public enum Metric: String, CaseIterable, Sendable {
    case latency, ttft, tpot, throughput, bound, busy, energy, energyPerToken, power, memory, memoryFree, devices, price, costPerMillionTokens

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
    var title: String {
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
}
