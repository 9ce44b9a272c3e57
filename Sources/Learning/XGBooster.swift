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
    /// Errors count by their size instead of its square: where measurements of one thing scatter widely.
    public var absolute: Bool

    public init(rounds: Int, depth: Int, learningRate: Double, rowsInLeaf: Double = 2, rowSample: Double = 0.8, featureSample: Double = 0.7, absolute: Bool = false) {
        self.rounds = rounds
        self.depth = depth
        self.learningRate = learningRate
        self.rowsInLeaf = rowsInLeaf
        self.rowSample = rowSample
        self.featureSample = featureSample
        self.absolute = absolute
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
            ("objective", parameters.absolute ? "reg:absoluteerror" : "reg:squarederror"), ("tree_method", "hist"), ("max_bin", "250"), ("base_score", "0"), ("nthread", "1"), ("verbosity", "0"),
            ("seed", "\(seed)"), ("eta", "\(parameters.learningRate)"), ("max_depth", "\(parameters.depth)"), ("min_child_weight", "\(parameters.rowsInLeaf)"),
            ("subsample", "\(parameters.rowSample)"), ("colsample_bytree", "\(parameters.featureSample)"),
        ]
        for (name, value) in settings { try check(XGBoosterSetParam(booster, name, value)) }
        for round in 0..<parameters.rounds { try check(XGBoosterUpdateOneIter(booster, Int32(round), matrix)) }
        var length: UInt64 = 0
        var bytes: UnsafePointer<CChar>?
        try check(XGBoosterSaveModelToBuffer(booster, "{\"format\": \"ubj\"}", &length, &bytes))
        guard let bytes else { throw BoosterError(description: "XGBoost gave no model") }
        return try UBJSON(UnsafeRawBufferPointer(start: bytes, count: Int(length))).trees()
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
