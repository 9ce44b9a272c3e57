import Documents
import Quantities
import Simulation

/// A report as one JSON object: `Documentation/ReportJSON.md` describes it, `Workloads/schemas/report.schema.json` checks it.
public struct JSONReport {
    private let report: Report

    public init(_ report: Report) { self.report = report }

    /// One line for each figure, and one for each operator, memory and so on; ended by a line feed.
    public var text: String { json.text(width: 400, packed: false) + "\n" }

    public var json: JSON {
        let timing = report.timing, energy = report.energy
        return [
            "fits": .bool(report.fits),
            "latencySeconds": JSON(timing?.latency),
            "ttftSeconds": JSON(timing?.ttft),
            "tpotSeconds": JSON(timing?.tpot),
            "outputTokensPerSecond": JSON(timing?.outputTokensPerSecond),
            "promptTokensPerSecond": JSON(timing?.promptTokensPerSecond),
            "bound": JSON(timing?.bound),
            "busyFraction": JSON(timing?.busyFraction),
            "energyJoules": JSON(energy?.total),
            "averagePowerWatts": JSON(energy?.averagePower),
            "energyByComponent": energy.map { energy in
                .object(energy.components.map { .init(key: $0.component.rawValue, value: JSON($0.energy)) })
            } ?? nil,
            "energyBoundary": JSON(energy?.boundary),
            "memory": .array(report.memory.map(memory)),
            "operators": .array(report.operators.map(row)),
            "blame": .array(report.blame.map { ["name": JSON($0.name), "boundBy": JSON($0.bound.rawValue), "seconds": JSON($0.seconds)] }),
            "sensitivities": .array(report.sensitivities.map {
                ["resource": JSON($0.resource), "latencySeconds": JSON($0.latency), "gain": JSON($0.gain)]
            }),
            "advice": JSON(report.advice),
            "notes": JSON(report.notes),
            "intervals": .array(report.intervals.map {
                ["figure": JSON($0.figure.rawValue), "low50": JSON($0.half.lowerBound), "high50": JSON($0.half.upperBound),
                 "low90": JSON($0.ninety.lowerBound), "high90": JSON($0.ninety.upperBound)]
            }),
            "basis": basis,
        ]
    }

    private func memory(_ memory: Report.DeviceMemory) -> JSON {
        [
            "group": JSON(memory.group),
            "device": JSON(memory.device),
            "fits": .bool(memory.fits),
            "capacityBytes": JSON(memory.capacity),
            "usableBytes": JSON(memory.usable),
            "peakBytes": JSON(memory.peak),
            "weightsBytes": JSON(memory.weights),
            "gradientBytes": JSON(memory.gradients),
            "optimizerBytes": JSON(memory.optimizer),
            "kvCacheBytes": JSON(memory.cache),
            "activationBytes": JSON(memory.activations),
            "workspaceBytes": JSON(memory.workspace),
        ]
    }

    private func row(_ row: Report.OperatorRow) -> JSON {
        [
            "name": JSON(row.name),
            "kind": JSON(row.kind),
            "device": JSON(row.device),
            "count": JSON(row.count),
            "latencySeconds": JSON(row.latency),
            "deviceSeconds": JSON(row.deviceTime),
            "flops": JSON(row.flops),
            "bytes": JSON(row.bytes),
            "boundBy": JSON(row.boundBy.rawValue),
            "energyJoules": JSON(row.energy),
            "choice": row.choice.isEmpty ? nil : JSON(row.choice),
        ]
    }

    private var basis: JSON {
        let basis = report.basis
        return [
            "version": JSON(basis.version),
            "job": JSON(basis.job),
            "system": JSON(basis.system),
            "runtime": JSON(basis.runtime),
            "costModel": JSON(basis.costModel),
            "calibration": JSON(basis.calibration),
            "inherited": JSON(basis.inherited),
            "recalled": JSON(basis.recalled),
        ]
    }
}
