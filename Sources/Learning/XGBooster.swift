import CXGBoost
import LearnedModels

/// What XGBoost refused, in its own words.
public struct BoosterError: Error, CustomStringConvertible {
    public let description: String
}

/// How trees are grown (XGBoost parameters, "hist" tree method).
public struct BoosterParameters: Sendable, Equatable {
    public var rounds: Int
    public var depth: Int
    /// Step size of each round.
    public var learningRate: Double
    /// Smallest number of rows in a leaf.
    public var rowsInLeaf: Double
    /// Parts of rows and of features that each tree sees.
    public var rowSample: Double
    public var featureSample: Double
    /// Places at which a feature may be cut: fewer are faster, and smoother.
    public var bins: Int
    /// Errors beyond this count by their size instead of its square, so that rows that went another way do not draw the others;
    /// nil where all count by the square.
    public var softness: Double?
    /// An error that is softened counts by its part of what was measured: too long by half weighs more than too short by half.
    public var isRelative: Bool

    public init(rounds: Int, depth: Int, learningRate: Double, rowsInLeaf: Double = 2, rowSample: Double = 0.8, featureSample: Double = 0.7, bins: Int = 250,
                softness: Double? = nil, isRelative: Bool = false) {
        self.rounds = rounds
        self.depth = depth
        self.learningRate = learningRate
        self.rowsInLeaf = rowsInLeaf
        self.rowSample = rowSample
        self.featureSample = featureSample
        self.bins = bins
        self.softness = softness
        self.isRelative = isRelative
    }
}

/// Grows trees with XGBoost's C API. One thread each, so that the same rows give the same trees on any machine; several
/// may run side by side.
enum XGBooster {
    /// - Parameters:
    ///   - rows: features row by row, `width` each; not a number where one is missing.
    ///   - targets: one for each row, as are `weights`.
    static func grow(_ rows: [Float], width: Int, targets: [Float], weights: [Float]? = nil, seed: Int, _ parameters: BoosterParameters) throws -> [PlainTree] {
        var matrix: DMatrixHandle?
        try check(XGDMatrixCreateFromMat(rows, UInt64(targets.count), UInt64(width), .nan, &matrix))
        defer { XGDMatrixFree(matrix) }
        try check(XGDMatrixSetFloatInfo(matrix, "label", targets, UInt64(targets.count)))
        if let weights { try check(XGDMatrixSetFloatInfo(matrix, "weight", weights, UInt64(weights.count))) }
        var booster: BoosterHandle?
        var handles: [DMatrixHandle?] = [matrix]
        try check(XGBoosterCreate(&handles, 1, &booster))
        defer { XGBoosterFree(booster) }
        let settings = [
            ("objective", "reg:squarederror"), ("tree_method", "hist"), ("max_bin", "\(parameters.bins)"), ("base_score", "0"), ("nthread", "1"), ("verbosity", "0"),
            ("seed", "\(seed)"), ("eta", "\(parameters.learningRate)"), ("max_depth", "\(parameters.depth)"), ("min_child_weight", "\(parameters.rowsInLeaf)"),
            ("subsample", "\(parameters.rowSample)"), ("colsample_bytree", "\(parameters.featureSample)"),
        ]
        for (name, value) in settings { try check(XGBoosterSetParam(booster, name, value)) }
        for round in 0..<parameters.rounds {
            if let softness = parameters.softness {
                try boost(booster, matrix, targets, softness, isRelative: parameters.isRelative)
            } else {
                try check(XGBoosterUpdateOneIter(booster, Int32(round), matrix))
            }
        }
        var length: UInt64 = 0
        var bytes: UnsafePointer<CChar>?
        try check(XGBoosterSaveModelToBuffer(booster, "{\"format\": \"ubj\"}", &length, &bytes))
        guard let bytes else { throw BoosterError(description: "XGBoost gave no model") }
        return try UBJSON(UnsafeRawBufferPointer(start: bytes, count: Int(length))).trees()
    }

    /// One round for softened errors: leaves are means weighted by 1 ÷ √(1 + (error ÷ softness)²), which over the rounds lead to
    /// where the sum of √(1 + (error ÷ softness)²) is smallest (iteratively reweighted least squares; Holland and Welsch,
    /// Communications in Statistics 1977); times 2 to the error where that is relative. XGBoost 1.7's own absolute error does not shrink its leaves by the learning rate.
    private static func boost(_ booster: BoosterHandle?, _ matrix: DMatrixHandle?, _ targets: [Float], _ softness: Double, isRelative: Bool) throws {
        var count: UInt64 = 0
        var predictions: UnsafePointer<Float>?
        // 1: sums of the trees; of training, so that what is cached of the last round is used.
        try check(XGBoosterPredict(booster, matrix, 1, 0, 1, &count, &predictions))
        guard let predictions, count == UInt64(targets.count) else { throw BoosterError(description: "XGBoost gave \(count) predictions of \(targets.count) rows") }
        var gradients = [Float](repeating: 0, count: targets.count), weights = gradients
        for row in targets.indices {
            let error = predictions[row] - targets[row], relative = error / Float(softness)
            weights[row] = 1 / (1 + relative * relative).squareRoot()
            // |2ᵉ − 1|, the error as a part of the measurement, grows with 2ᵉ.
            if isRelative { weights[row] *= Float(exp2(Double(min(max(error, -2), 2)))) }
            gradients[row] = error * weights[row]
        }
        try check(XGBoosterBoostOneIter(booster, matrix, &gradients, &weights, count))
    }

    /// Version of the library that grows the trees.
    static var version: String {
        var major: Int32 = 0, minor: Int32 = 0, patch: Int32 = 0
        XGBoostVersion(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    private static func check(_ status: Int32) throws {
        guard status == 0 else { throw BoosterError(description: String(cString: XGBGetLastError())) }
    }
}
