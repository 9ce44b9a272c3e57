extension Forest {
    /// A forest to be held against what was left out.
    static func heldAgainst(_ set: TrainingSet, rows: [Int], knowsDevice: Bool, seed: Int) throws -> Forest {
        try grow(set, rows: rows, knowsDevice: knowsDevice, seed: seed)
    }

    /// |predicted − measured| ÷ measured of rows.
    func errors(_ set: TrainingSet, _ rows: [Int]) -> [Double] {
        zip(rows, predict(set, rows)).map { row, residual in abs(set.rows[row].base * exp2(Double(residual)) / set.rows[row].measured - 1) }
    }
}
