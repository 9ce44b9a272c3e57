import CostModels
import Documents
import Hardware
import Quantities
import ResultsStore
import Scenarios
import Simulation
import Workloads

extension Bench {
    /// What identifies the answer at a place, and how to get it.
    struct Question {
        var key: PointKey
        var built: Result<Built, DocumentError>
    }

    /// - Parameter salt: what all answers of a sweep depend on besides: the version, and whether operators are kept.
    func question(_ choices: [Int], salt: [UInt8]) -> Question {
        do throws(DocumentError) {
            let built = try build(choices)
            return Question(key: PointKey(ContentHash(of: salt + built.hash).short), built: .success(built))
        } catch {
            // Contradictions are the same answer where they read the same and nothing else was asked.
            let text = "\(error) \(choices)"
            return Question(key: PointKey(ContentHash(of: salt + Array(text.utf8) + Array(grid.json.compact.utf8)).short), built: .failure(error))
        }
    }

    /// - Throws: what is no answer but a fault of the program.
    func answer(_ question: Question, keepingOperators: Bool) throws -> PointRecord.Answer {
        do {
            let built = try question.built.get()
            let report = try built.scenario.report(keepingOperators ? [.operators] : [])
            var reason: String?
            if let short = report.memory.first(where: { !$0.fits }) {
                reason = "does not fit: \(short.peak) of \(short.usable) usable on each \(short.group)"
            }
            let operators = report.operators.map { row in
                StoredOperator(name: row.name, kind: row.kind, device: row.device, count: row.count, seconds: row.latency.value, flops: row.flops.value,
                               bytes: row.bytes.value, joules: row.energy.value, bound: row.boundBy.rawValue, choice: row.choice)
            }
            return .init(outcome: report.fits ? .computed : .doesNotFit, reason: reason, values: values(of: report, built.scenario),
                         basis: basis(of: built, report), operators: operators)
        } catch let error as DocumentError {
            return .init(outcome: .invalid, reason: error.path.isEmpty ? error.message : "\(error.path): \(error.message)", values: Metric.allCases.map { _ in .nan })
        } catch let error as SimulationError {
            return .init(outcome: .invalid, reason: error.description, values: Metric.allCases.map { _ in .nan })
        }
    }

    /// By metric, `nan` where the report has no such figure.
    private func values(of report: Report, _ scenario: Scenario) -> [Double] {
        let timing = report.timing, energy = report.energy, accelerator = report.memory.first { $0.group == scenario.system.accelerator.name }
        let devices = Double(scenario.devicesTaken)
        let price = grid.prices?.perHour[scenario.system.accelerator.device.id].map { $0 * devices }
        let throughput = timing.flatMap { $0.outputTokensPerSecond ?? $0.promptTokensPerSecond }
        return Metric.allCases.map { metric in
            let value: Double? = switch metric {
            case .latency: timing?.latency.value
            case .ttft: timing?.ttft?.value
            case .tpot: timing?.tpot?.value
            case .throughput: throughput
            case .bound: timing?.bound.value
            case .busy: timing?.busyFraction
            case .energy: energy?.total.value
            case .energyPerToken: timing.flatMap { timing in energy.flatMap { energy in throughput.map { energy.total.value / ($0 * timing.latency.value) } } }
            case .power: energy?.averagePower.value
            case .memory: accelerator?.peak.value
            case .memoryFree: accelerator.map { $0.usable.value - $0.peak.value }
            case .devices: devices
            case .price: price
            case .costPerMillionTokens: throughput.flatMap { rate in price.map { $0 / 3600 / rate * 1e6 } }
            }
            return value ?? .nan
        }
    }

    /// What the figures rest on, as JSON; see `SweepResults.bases`.
    private func basis(of built: Built, _ report: Report) -> String {
        let key = BasisKey(parts: built.basis, fits: report.fits, notes: report.notes)
        if let known = bases[key] { return known }
        let basis = report.basis
        let json: JSON = [
            "version": JSON(basis.version), "costModel": JSON(basis.costModel), "system": JSON(basis.system), "runtime": JSON(basis.runtime),
            "calibration": JSON(basis.calibration), "inherited": JSON(basis.inherited), "recalled": JSON(basis.recalled),
            "energy": JSON(report.energy?.boundary), "notes": JSON(report.notes),
        ]
        let text = json.compact
        bases[key] = text
        return text
    }

    struct BasisKey: Hashable {
        var parts: Built.Basis
        /// What does not fit has no energy, nor its boundary.
        var fits: Bool
        var notes: [String]
    }
}
