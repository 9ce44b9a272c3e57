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

            Two files are written: NAME.json says what the model was trained on and how good it is, NAME.trees holds the trees. \
            Where rows state watts, the power of boards is learned, too.

            With --evaluate nothing is trained to be used. Instead shapes, devices and software are held out in turn, parts of \
            the model left away and parts of the rows, and the errors are printed and written into a folder: evaluation.md, tables \
            as CSV, pictures as SVG. All rows take hours; --rows takes a sample of each family.

            Examples:
              orrery train --measured train.*.csv.gz --out Models/kernels.json
              orrery train --measured train.comm.csv.gz --keep Models/kernels.json
              orrery train --measured train.gemm.csv.gz --families gemm --features gemm-features.csv
              orrery train --measured train.*.csv.gz --power --keep Models/kernels.json
              orrery train --measured train.*.csv.gz --evaluate Results/learned --rows 4000
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

    @Flag(help: "Learn the power of boards alone; times are taken over by --keep.")
    var power = false

    @Option(help: ArgumentHelp("Parts into which shapes are divided for cross-validation.", valueName: "number"))
    var folds = 10

    @Option(help: ArgumentHelp("Which samples of rows and features the trees see.", valueName: "number"))
    var seed = 1

    @Option(help: ArgumentHelp("Licence of the measured rows, for the manifest.", valueName: "name"))
    var licence = "Apache-2.0"

    @Option(help: ArgumentHelp("Write what the trees are told of the rows of one family as CSV, and train nothing.", valueName: "file"))
    var features: String?

    @Option(help: ArgumentHelp("Write how good the model is on what it had not seen, and train none to be used.", valueName: "folder"))
    var evaluate: String?

    @Option(help: ArgumentHelp("Evaluate on a random sample of so many rows of each family; all rows unless given.", valueName: "number"))
    var rows: Int?

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if !(2...20).contains(folds) { throw ValidationError("--folds \(folds): take 2 to 20") }
        if !(0...1_000_000).contains(seed) { throw ValidationError("--seed \(seed): take 0 to 1000000") }
        if let out, !out.hasSuffix(".json") { throw ValidationError("--out \(out): name a file that ends in .json; the trees stand beside it") }
        if features != nil, families.count != 1 { throw ValidationError("--features takes exactly one family in --families") }
        if power, keep.isEmpty || features != nil || evaluate != nil { throw ValidationError("--power takes the model in --keep whose times it is added to, and goes without --features and --evaluate") }
        if evaluate != nil, out != nil || features != nil { throw ValidationError("--evaluate goes without --out and --features") }
        guard let rows else { return }
        if evaluate == nil { throw ValidationError("--rows is for --evaluate; a model is trained on all rows") }
        if !(LearnedEvaluation.smallestSample...10_000_000).contains(rows) {
            throw ValidationError("--rows \(rows): take \(LearnedEvaluation.smallestSample) to 10000000")
        }
    }

    func run() throws {
        let library = try library.open()
        if let evaluate { return try writeEvaluation(into: evaluate, library) }
        var training = try LearnedTraining(of: files, in: library, families: families.isEmpty ? KernelKey.Family.learned : families, powerAlone: power, folds: folds,
                                            seed: seed) { Terminal.warn($0) }
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

    private func writeEvaluation(into folder: String, _ library: Library) throws {
        makeFolder(folder)
        let evaluation = try LearnedEvaluation(of: files, in: library, families: families.isEmpty ? KernelKey.Family.learned : families, sample: rows, folds: folds,
                                               seed: seed) { Terminal.warn($0) }
        let charts = evaluation.charts
        for chart in charts { try Self.write(Array(chart.svg().utf8), to: "\(folder)/\(chart.name).svg") }
        for table in evaluation.tables { try Self.write(Array(table.csv.utf8), to: "\(folder)/\(table.name)") }
        let page = evaluation.markdown(pictures: charts.map(\.name))
        try Self.write(Array(page.utf8), to: "\(folder)/evaluation.md")
        try Terminal.print(page)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        var file = try OutputFile(path)
        try file.write(bytes)
        try file.close()
    }
}

extension KernelKey.Family: ExpressibleByArgument {}
