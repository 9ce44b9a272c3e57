import Documents

extension Comparison {
    /// The comparison as one object; errors are fractions, 0.1 for 10 %.
    public var json: JSON {
        [
            "costModel": .string(costModel),
            "given": JSON(total.given),
            "predicted": JSON(total.predicted),
            "mape": JSON(total.mape),
            "medianApe": JSON(total.medianAPE),
            "p90Ape": JSON(total.p90APE),
            "bias": JSON(total.bias),
            "groups": .array(groups.map { group in
                [
                    "keys": .object(zip(columns, group.keys).map { JSON.Member(key: $0.0, value: .string($0.1)) }),
                    "given": JSON(group.errors.given),
                    "predicted": JSON(group.errors.predicted),
                    "mape": JSON(group.errors.mape),
                    "medianApe": JSON(group.errors.medianAPE),
                    "p90Ape": JSON(group.errors.p90APE),
                    "bias": JSON(group.errors.bias),
                ]
            }),
            "unpredicted": .array(sortedReasons.map { ["reason": .string($0.reason), "rows": JSON($0.rows)] }),
            "worst": .array(worst.map { outlier in
                [
                    "file": .string(outlier.file), "id": .string(outlier.row.id), "device": .string(outlier.row.device),
                    "phase": .string(outlier.row.phase), "metric": .string(outlier.row.metric), "measured": JSON(outlier.row.value),
                    "predicted": JSON(outlier.prediction.value), "unit": .string(outlier.row.unit),
                ]
            }),
            "files": .array(files.map { file in
                [
                    "path": .string(file.path), "rows": JSON(file.rows), "malformed": JSON(file.malformed),
                    "complaints": JSON(file.complaints), "damage": JSON(file.damage),
                ]
            }),
        ]
    }

    /// The most frequent first.
    public var sortedReasons: [(reason: String, rows: Int)] {
        reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    }
}
