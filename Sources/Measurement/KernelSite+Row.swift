import CostModels
import Hardware
import LearnedModels
import Operators
import Quantities

extension Predictor {
    /// What a row about one kernel or exchange asks of a learned model.
    ///
    /// - Throws: `RowError` where the row is of another kind, or cannot be mapped.
    public mutating func site(of row: MeasuredRow) throws(RowError) -> KernelSite {
        let run = try kernelRun(try RowReading(row))
        return site(of: row, run)
    }

    mutating func site(of row: MeasuredRow, _ run: KernelRun) -> KernelSite {
        KernelSite(run.family(statedBy: row), operators: run.operators, on: run.device, over: run.fabric,
                   gap: (run.launched ? run.device.kernel.streamGap : run.device.kernel.graphGap) ?? .zero,
                   labels: KernelLabels(software: runtimeID(of: row, on: run.device), version: row.softwareVersion, kernel: row.kernelVariant))
    }
}

extension KernelRun {
    /// What the row says it was; a prompt of one token is a decode step only to its shape.
    func family(statedBy row: MeasuredRow) -> KernelKey.Family {
        KernelKey.Family(rawValue: row.phase) ?? operators.lazy.compactMap { KernelKey($0)?.family }.first ?? .gemm
    }
}

extension MeasuredRow {
    /// `kernelName` with what else its row says of the implementation, in the words of the operator tables.
    var kernelVariant: String {
        let parameters = header.layout == .runs ? try? RowReading(self) : nil
        switch phase {
        case "comm":
            if let collective = parameters?.text("collective") { return collective == "all_reduce_custom" ? "custom_all_reduce" : collective }
            return [self["collective"], self["implementation"]].compactMap(\.self).joined(separator: " ")
        case "moe_all2all":
            if let kind = parameters?.text("kind"), let direction = parameters?.text("op") {
                return ["deepep_\(kind == "low_latency" ? "ll" : "ht")", direction, "default"].joined(separator: " ")
            }
            return [self["comm_backend"], self["phase"], self["comm_dtype"]].compactMap(\.self).joined(separator: " ")
        default: return parameters?.text("kernel") ?? kernelName
        }
    }

    /// Its own column, or the last word of a software's name where that has a digit: `vllm 0.24.0`.
    var softwareVersion: String {
        if let version = self["version"] { return version }
        guard let last = software?.split(separator: " ").dropFirst().last, last.contains(where: \.isNumber) else { return "" }
        return String(last)
    }
}

extension Predictor {
    /// The calibration of the cycle model that a learned model corrects: the library's, or that of a relative of the device.
    public mutating func calibration(for site: KernelSite) throws(RowError) -> Calibration? {
        var found = try shippedCalibration(of: site.device, under: site.labels.software)
        found?.kernel = site.labels.kernel
        return found
    }
}
