import CostModels
import Hardware
import Operators
import Quantities
@testable import Simulation
import Testing
@testable import Workloads

/// Products of m rows take m µs, 3 µJ of arithmetic and 2 µJ of memory.
private struct MeteredCosts: CostModel {
    var name: String { "metered" }
    /// What a calibration would say of the boards.
    var board: BoardPower?

    func power(of device: Device) -> BoardPower? { board }

    func demand(of operation: Operator, on device: Device, under runtime: Runtime) -> Demand {
        guard case .matmul(let o) = operation else { return Demand() }
        return Demand(engineTime: Seconds(Double(o.m) * 1e-6), energy: EnergyUse(compute: Joules(3e-6), memory: Joules(2e-6)))
    }

    func demand(of collective: Collective, over fabric: Fabric, on device: Device, under runtime: Runtime) -> Demand { Demand() }

    func demand(of copy: Copy, over link: Link?, from source: Device, to target: Device, under runtime: Runtime) -> Demand { Demand() }
}

@Suite("The energy meter")
struct EnergyMeterTests {
    /// Four GPUs of 150 W while a kernel runs and 100 W while none does, and a host of 50 W.
    private func meter(_ graph: OperatorGraph, steps: Int = 1, board: BoardPower? = nil, limit: Double? = nil) throws -> [Report.Energy.Component: Double] {
        var bench = try Bench()
        bench.runtime.hostPerStep = Seconds(5e-6)
        for index in bench.system.groups.indices {
            let isHost = bench.system.groups[index].name == bench.system.host?.name
            bench.system.groups[index].count = isHost ? 1 : 4
            bench.system.groups[index].device.power.idle = Watts(isHost ? 50.0 : 100.0)
            bench.system.groups[index].device.power.active = isHost ? nil : Watts(150.0)
            if let limit { bench.system.groups[index].device.power.limit = Watts(limit) }
        }
        let step = Plan.Step(phase: .decode(context: 8), graph: graph)
        let plan = Plan(steps: [step], decodeSteps: steps, firstContext: 8, lastContext: 8, sequences: 1, allocations: [])
        let run = try JobRun(plan, on: bench.system, under: bench.runtime, with: MeteredCosts(board: board))
        return Dictionary(uniqueKeysWithValues: EnergyMeter(run).components.map { ($0.component, $0.energy.value * 1e6) })
    }

    private func graph(_ lanes: [(multiplicity: Int, beside: Int?)]) throws -> OperatorGraph {
        let group = try Bench().system.accelerator.name
        return OperatorGraph(lanes: lanes.map { .init(group: group, multiplicity: $0.multiplicity, beside: $0.beside) })
    }

    @Test("Three of four boards run two kernels of 10 µs in a step of 25 µs: dynamic, active and idle shares by hand")
    func byHand() throws {
        var graph = try graph([(3, nil)])
        let use = graph.use("product", stated(engine: 10))
        for _ in 0..<2 { graph.add(use) }
        let joules = try meter(graph)
        let expected: [Report.Energy.Component: Double] = [.compute: 3 * 2 * 3, .memory: 3 * 2 * 2, .static: 3 * 20 * 150 + (4 * 25 - 3 * 20) * 100, .host: 25 * 50]
        for (component, energy) in expected { #expect(close(joules[component] ?? 0, energy)) }
        let ten = try meter(graph, steps: 10)
        for (component, energy) in joules { #expect(close(ten[component] ?? 0, 10 * energy)) }
    }

    @Test("Under a calibration of power boards draw its watts all the time and its multiples of what operators do, never more than their limit")
    func calibrated() throws {
        var graph = try graph([(4, nil)])
        graph.add(graph.use("product", stated(engine: 15)))
        let score = KernelCalibration.Score(rows: 4, medianAPE: 0, mape: 0)
        let fitted = WholeCalibration(fitted: [.board: .init(value: 200, error: 0), .compute: .init(value: 2, error: 0), .traffic: .init(value: 3, error: 0)],
                                      rows: 4, training: score, validation: score)
        let power = Calibration(device: "some", runtime: "some", version: "", date: "", sources: [], kernels: [], power: fitted).boardPower
        // One kernel of 15 µs and 5 µs of the host: four boards for 20 µs.
        let joules = try meter(graph, board: power, limit: 1000)
        let expected: [Report.Energy.Component: Double] = [.static: 4 * 20 * 200, .compute: 4 * 3 * 2, .memory: 4 * 2 * 3]
        for (component, energy) in expected { #expect(close(joules[component] ?? 0, energy)) }
        let limited = try meter(graph, board: power, limit: 150)
        let boards = limited.reduce(0.0) { $1.key == .host ? $0 : $0 + $1.value }
        #expect(close(boards, 4 * 20 * 150))
    }

    @Test("Two lanes on the same boards draw the power of these boards once, for as long as either runs")
    func sameBoards() throws {
        var graph = try graph([(4, nil), (4, 0)])
        graph.add(graph.use("long", stated(engine: 20)), lane: 0)
        graph.add(graph.use("short", stated(engine: 8)), lane: 1)
        let drawn = try meter(graph)[.static] ?? 0
        #expect(close(drawn, 4 * (20 * 150 + 5 * 100)))
    }

    @Test("What the operators of a shipped job are charged is what its components say, to the last digit that counts")
    func conservation() throws {
        let library = try Library()
        let report = try simulate(try library.job("llama-3.1-8b-generate"), on: try library.system(ofDevice: "h100-sxm"),
                                  under: try library.runtime("vllm"), with: Cycle())
        let energy = try #require(report.energy)
        let dynamic = energy.components.filter { [.compute, .cache, .memory, .link].contains($0.component) }.reduce(0) { $0 + $1.energy.value }
        #expect(close(dynamic, report.operators.reduce(0) { $0 + $1.energy.value }, within: 1e-9))
        #expect(close(energy.total.value, energy.components.reduce(0) { $0 + $1.energy.value }, within: 1e-12))
    }
}
