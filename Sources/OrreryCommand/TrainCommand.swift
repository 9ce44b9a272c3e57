import ArgumentParser
import Orrery

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learn from measured kernels what the cycle model does not know.",
        discussion: """
            Grows gradient-boosted trees (XGBoost) on what is left between measured kernels and the calibrated cycle model, one \
            set for each family (gemm, attn_prefill, attn_decode, moe_gemm, comm, moe_all2all), and finds out on shapes and on \
            devices held back how wrong they are: that gives the intervals of every prediction. The same rows and seed give \
            the same model.

            Two files are written: NAME.json says what the model was trained on and how good it is, NAME.trees holds the trees.

            Examples:
              orrery train --measured train.*.csv.gz --out Models/kernels.json
              orrery train --measured train.comm.csv.gz --keep Models/kernels.json
              orrery train --measured train.gemm.csv.gz --families gemm --features gemm-features.csv
            """)

    @Option(name: .customLong("measured"), parsing: .upToNextOption, help: ArgumentHelp("Files of measured kernels.", valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("Where to write the model; the library's own unless given.", valueName: "file.json"))
    var out: String?

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Families to learn; all in the files unless given.", valueName: "family"))
    var families: [KernelKey.Family] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Models of the same seed and folds whose other families are taken over: families need not be trained in one run.",
                                                         valueName: "file.json"))
    var keep: [String] = []

    @Option(help: ArgumentHelp("Parts into which shapes are divided for cross-validation.", valueName: "number"))
    var folds = 5

    @Option(help: ArgumentHelp("Which samples of rows and features the trees see.", valueName: "number"))
    var seed = 1

    @Option(help: ArgumentHelp("Licence of the measured rows, for the manifest.", valueName: "name"))
    var licence = "Apache-2.0"

    @Option(help: ArgumentHelp("Write what the trees are told of the rows of one family as CSV, and train nothing.", valueName: "file"))
    var features: String?

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if !(2...20).contains(folds) { throw ValidationError("--folds \(folds): take 2 to 20") }
        if !(0...1_000_000).contains(seed) { throw ValidationError("--seed \(seed): take 0 to 1000000") }
        if let out, !out.hasSuffix(".json") { throw ValidationError("--out \(out): name a file that ends in .json; the trees stand beside it") }
        if features != nil, families.count != 1 { throw ValidationError("--features takes exactly one family in --families") }
    }

    func run() throws {
        let library = try library.open()
        var training = try LearnedTraining(of: files, in: library, families: families.isEmpty ? KernelKey.Family.learned : families, folds: folds, seed: seed) {
            Terminal.warn($0)
        }
        if let features { return try Self.write(Array(training.featuresCSV(of: families[0]).utf8), to: features) }
        var kept: [LearnedModel] = []
        for file in keep { kept.append(try library.learnedModel(file)) }
        var model = try training.run(version: orreryVersion, date: CalibrateCommand.today, licence: licence) { Terminal.warn($0) }
        for (file, other) in zip(keep, kept) {
            guard model.manifest.agrees(with: other.manifest) else {
                throw DocumentError(file: file, message: "was trained with seed \(other.manifest.seed), \(other.manifest.folds) folds and rows under \(other.manifest.licence), "
                                    + "where this run has \(seed), \(folds) and \(licence): train its families again")
            }
            model.take(over: other)
        }
        let path = out ?? library.path("\(Library.learnedModels)/\(Library.usualLearnedModel).json")
        try Self.write(model.bytes, to: path.dropLast(5) + ".trees")
        try Self.write(Array((model.manifest.json.text() + "\n").utf8), to: path)
        try Terminal.print(LearnedText.scores(of: model.manifest))
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        var file = try OutputFile(path)
        try file.write(bytes)
        try file.close()
    }
}

extension KernelKey.Family: ExpressibleByArgument {}
