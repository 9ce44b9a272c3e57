import LearnedModels
import Quantities

extension LearnedEvaluation {
    /// The whole evaluation as a page in Markdown, which shows pictures of these names.
    public func markdown(pictures: [String]) -> String {
        func shown(_ name: String) -> [String] { pictures.contains(name) ? ["", "![\(name)](\(name).svg)"] : [] }
        var lines = introduction + [""] + heldOutTable
        lines += ["", "## What the intervals cover", "", Self.coverageText, ""] + coverageTable + shown("coverage-shapes") + shown("coverage-devices")
        lines += ["", "## What each part is worth", "", Self.ablationText]
        for family in families { lines += ["", "### \(family.family.rawValue)", ""] + ablationTable(family) }
        lines += ["", "## What more rows bring", "", "MAPE on unseen shapes of forests that learned from a part of the rows; rows are those learned from.", ""] + curveTable + shown("learning-curves")
        if !power.isEmpty { lines += ["", "## Power", "", Self.powerText, ""] + powerTable + shown("parity-power") }
        let parity = families.map { "parity-\($0.family.rawValue)" }.filter(pictures.contains)
        if !parity.isEmpty { lines += ["", "## Prediction beside measurement"] + parity.flatMap(shown) }
        lines += ["", "## Rows that were not taken", ""]
        lines += skipped.entries.isEmpty ? ["None: every row of the files could be mapped."] : skipped.lines.map { "- " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    private var introduction: [String] {
        let rows = families.map { "\($0.family.rawValue) \($0.rows)" }.joined(separator: ", ")
        let part = sample.map { " --rows \($0)" } ?? ""
        return [
            "# The learned model on what it had not seen", "",
            "Written by `orrery train --measured DATA/operators/train.*.csv.gz --evaluate Results/learned\(part)` (seed \(seed), \(folds) folds). "
                + (sample.map { "Of each family at most \($0) rows took part, each with the same chance; with all rows errors are smaller, as the learning curves show." } ?? "All rows took part."),
            "Rows: \(rows). Errors are |predicted − measured| ÷ measured. Figures of the model that ships, from all rows, stand in its manifest: `orrery show Models/kernels.json`.", "",
            "Held out were", "",
            "- *shapes*: \(folds)-fold cross-validation by the weights of a product, one batch of one attention, one network of experts under one sharding, one message;",
            "- *devices*: none of the device's rows and none of its calibrations; its sibling answers where another device of its architecture was measured with the same kernel, else the trees for strangers over the cycle model with the mean of other architectures' constants for the kernel, or without any where none has the kernel;",
            "- *software*: none of its rows and none of its calibrations; the kernel of another software on the same device answers, where there is one for the format.", "",
            "The few constants of the calibrated cycle model under unseen shapes were fitted to these rows, those held out among them. The spreads, and the two numbers that mix siblings with strangers, are fitted on all devices.",
        ]
    }

    /// Beyond ten times the figure it is about it says that nothing is known.
    private func percent(_ value: Double?) -> String { value.map { $0 > 10 ? "> 1000 %" : fixed($0 * 100, decimals: 1) + " %" } ?? "" }

    private var heldOutTable: [String] {
        ["| family | held out | rows | median | MAPE | within 50 % | within 90 % | median width of 90 % |", "|---|---|---:|---:|---:|---:|---:|---:|"] + families.flatMap { family in
            family.scores.map { score in
                let name = score.name.isEmpty ? "**\(["shapes": "shapes", "device": "devices", "software": "software"][score.heldOut] ?? score.heldOut)**" : score.name
                return "| \(family.family.rawValue) | \(name)\(score.heldOut == "shapes" && !score.name.isEmpty ? ", shapes" : "") | \(score.rows) | \(percent(score.median)) | \(percent(score.mape)) "
                    + "| \(percent(score.coverage50)) | \(percent(score.coverage90)) | \(percent(score.width90)) |"
            }
        }
    }

    private static let coverageText = "Part of the measurements within split-conformal intervals. The quantile of an interval comes from rows that it has nothing to do with: for "
        + "shapes from the same device in the other half of the shapes, for devices from the other devices."

    private var coverageTable: [String] {
        let levels = [0.5, 0.8, 0.9, 0.95]
        let header = levels.map { "shapes \(fixed($0 * 100, decimals: 0)) %" } + levels.map { "devices \(fixed($0 * 100, decimals: 0)) %" }
        return ["| family | " + header.joined(separator: " | ") + " |", "|---|" + String(repeating: "---:|", count: header.count)] + families.map { family in
            func at(_ level: Double) -> FamilyEvaluation.CoveragePoint? { family.coverage.first { $0.level == level } }
            let cells = levels.map { percent(at($0)?.shapes) } + levels.map { percent(at($0)?.devices) }
            return "| \(family.family.rawValue) | " + cells.joined(separator: " | ") + " |"
        }
    }

    private static let ablationText = """
        Sizes are dimensions, bits and datasheet figures in logarithms; ratios are everything else that the trees are told. All trees are told
        of labels by the mean of their rows (target encoding). Devices are left out one at a time and answered by the trees for strangers, but in the last line;
        under them a device has its sibling's calibration, without a sibling that of kin, without kin none.

        An off-the-shelf histogram gradient boosting on naive features is stated, by those who prepared the rows, to reach on rows kept apart from
        them: gemm 8.0 % (7.0 % when told the kernel's name), attn_decode 10.0 %, attn_prefill 9.9 % on unseen shapes; on unseen B300 and GB300
        gemm 10 %, attn_decode 10 %, attn_prefill 16 %. It was not run again here; the rows differ.
        """

    private func ablationTable(_ family: FamilyEvaluation) -> [String] {
        ["| what predicts | shapes: median | MAPE | devices: median | MAPE | without a sibling: median | MAPE |", "|---|---:|---:|---:|---:|---:|---:|"] + family.ablations.map { one in
            "| \(one.name) | \(percent(one.shapes.median)) | \(percent(one.shapes.mape)) | \(percent(one.devices?.median)) | \(percent(one.devices?.mape)) "
                + "| \(percent(one.alone?.median)) | \(percent(one.alone?.mape)) |"
        }
    }

    private var curveTable: [String] {
        let parts = LearningCurve.parts + [1]
        let header = parts.map { $0 == 1 ? "all" : "1/\(Int((1 / $0).rounded()))" }
        return ["| family | " + header.joined(separator: " | ") + " |", "|---|" + String(repeating: "---:|", count: header.count)] + families.map { family in
            let cells = parts.map { part in family.curve.first { $0.part == part }.map { "\(percent($0.errors.mape)) (\($0.rows))" } ?? "" }
            return "| \(family.family.rawValue) | " + cells.joined(separator: " | ") + " |"
        }
    }

    private static let powerText = """
        Watts of boards in the operator tables, from all rows that state them, on shapes held out; beside them the analytic models' on the same rows.
        Power meters are slow beside kernels of a few microseconds: readings of decode attention carry what ran before.
        """

    private var powerTable: [String] {
        ["| family | device | rows | median | MAPE | analytic median | within 90 % | width of 90 % | used |", "|---|---|---:|---:|---:|---:|---:|---:|---|"]
            + power.flatMap(\.scores).map { score in
                "| \(score.family.rawValue) | \(score.device) | \(score.rows) | \(percent(score.medianAPE)) | \(percent(score.mape)) | \(percent(score.analyticMedianAPE)) "
                    + "| \(percent(score.coverage)) | \(percent(score.width)) | \(score.isUsed ? "yes" : "no") |"
            }
    }
}
