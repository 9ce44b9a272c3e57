import CostModels
import Hardware

/// Where a model comes from.
public struct LearnedManifest: Sendable, Equatable {
    /// Rows of one family that it was trained on.
    public struct Source: Sendable, Equatable {
        public var family: KernelKey.Family
        public var file: String
        public var rows: Int

        public init(family: KernelKey.Family, file: String, rows: Int) {
            self.family = family
            self.file = file
            self.rows = rows
        }
    }

    /// Rows of a file that nothing was learned from, and why.
    public struct Skipped: Sendable, Equatable {
        public var file: String
        public var reason: String
        public var rows: Int

        public init(file: String, reason: String, rows: Int) {
            self.file = file
            self.reason = reason
            self.rows = rows
        }
    }

    /// Errors on what a fit had not seen: fractions.
    public struct Score: Sendable, Equatable {
        public var family: KernelKey.Family
        /// What was held out: `shapes`, or the id of a device.
        public var heldOut: String
        public var rows: Int
        public var mape: Double
        public var medianAPE: Double
        /// Part of the measurements within the 90 % interval, and its median width ÷ estimate.
        public var coverage: Double
        public var width: Double

        public init(family: KernelKey.Family, heldOut: String, rows: Int, mape: Double, medianAPE: Double, coverage: Double, width: Double) {
            self.family = family
            self.heldOut = heldOut
            self.rows = rows
            self.mape = mape
            self.medianAPE = medianAPE
            self.coverage = coverage
            self.width = width
        }
    }

    /// What the analytic models and the features say of one site: when that changes the model no longer fits them.
    public struct Probe: Sendable, Equatable {
        public var family: KernelKey.Family
        public var device: String
        public var software: String
        public var values: [Float]

        public init(family: KernelKey.Family, device: String, software: String, values: [Float]) {
            self.family = family
            self.device = device
            self.software = software
            self.values = values
        }
    }

    /// Version of the program that trained it, and the day.
    public var version: String
    public var date: String
    public var licence: String
    public var seed: Int
    public var folds: Int
    public var sources: [Source]
    /// Empty in manifests of before they were counted.
    public var skipped: [Skipped]
    public var scores: [Score]
    public var probes: [Probe]
    public var power: [Power]

    public init(version: String, date: String, licence: String, seed: Int, folds: Int, sources: [Source], skipped: [Skipped] = [], scores: [Score], probes: [Probe], power: [Power] = []) {
        self.version = version
        self.date = date
        self.licence = licence
        self.seed = seed
        self.folds = folds
        self.sources = sources
        self.skipped = skipped
        self.scores = scores
        self.probes = probes
        self.power = power
    }
}
