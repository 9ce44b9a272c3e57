import Hardware
import Operators
import Quantities

/// What one chain of one pass brings: a chain is a sub-batch or micro-batch on its way through the layers.
struct PassShape: Hashable {
    /// Sequences of one replica.
    var sequences: Int
    /// New tokens of each sequence.
    var queries: Int
    /// Tokens that the last of them sees, its own included.
    var context: Int
    /// Tokens of the encoder's output, 0 without an encoder.
    var encoderTokens = 0
    /// Keys and values are kept for later tokens.
    var caches: Bool
    /// A step behind the first pass: everything but the new token is in the cache.
    var isDecode = false

    var tokens: Int { sequences * queries }
}

/// Compiles layers into programs: each function appends the operators of one part of a layer and returns the item
/// whose output the next part reads.
struct ProgramBuilder {
    let arrangement: Arrangement
    let shape: PassShape
    /// Ranks that receive different numbers of expert tokens; one class where nothing routes.
    let classes: [RankClass]
    var graph: OperatorGraph
    var program = LayerProgram()
    /// Copies that bring the experts of the layer being compiled, where they start with it.
    var ownExperts: [Int] = []

    var job: ModelJob { arrangement.job }
    var model: Model { arrangement.model }
    var runtime: Runtime { arrangement.runtime }
    var layout: Layout { arrangement.layout }
    var activations: TensorFormat { arrangement.activations }

    // MARK: Items

    mutating func work(_ name: String, _ operation: Operator, allocates: Bytes? = nil) -> LayerProgram.Work {
        LayerProgram.Work(use: graph.use(name, operation), allocates: allocates ?? operation.traffic.activationsWritten)
    }

    /// An operator that every rank runs alike.
    @discardableResult
    mutating func add(_ name: String, _ operation: Operator, after: [Int], place: LayerProgram.Place = .accelerator,
                      stream: OperatorGraph.Stream = .compute, joins: Bool = false, waitsForHost: Bool = false,
                      allocates: Bytes? = nil) -> Int {
        let work = work(name, operation, allocates: allocates)
        program.items.append(.init(work: [work], place: place, stream: stream, after: after, joins: joins, waitsForHost: waitsForHost))
        return program.items.count - 1
    }

    /// An operator whose shape depends on the class of the rank; nil where a class has nothing to do.
    mutating func add(_ name: String, perClass operations: [Operator?], after: [Int], stream: OperatorGraph.Stream = .compute,
                      joins: Bool = false, waitsForHost: Bool = false, allocates: Bytes? = nil) -> Int {
        var works: [LayerProgram.Work?] = []
        for operation in operations {
            works.append(operation.map { work(name, $0, allocates: allocates) })
        }
        program.items.append(.init(work: works, place: .accelerator, stream: stream, after: after, joins: joins, waitsForHost: waitsForHost))
        return program.items.count - 1
    }

    func product(m: Int, n: Int, k: Int, batch: Int = 1, weights: TensorFormat? = nil, math: NumberFormat? = nil) -> Operator {
        arrangement.product(m: m, n: n, k: k, batch: batch, weights: weights, math: math)
    }

    /// An exchange among the tensor-parallel ranks, nothing where there is one.
    mutating func exchange(_ name: String, _ kind: Collective.Kind, elements: Double, after item: Int) -> Int {
        guard layout.tensor > 1 else { return item }
        let bytes = activations.bytes(elements: elements)
        let collective = Collective(kind, participants: layout.tensor, participantsPerNode: layout.inNode(layout.tensor),
                                    bytes: bytes, format: activations)
        let index = add(name, .collective(collective), after: [item], stream: arrangement.collectiveStream, joins: true,
                        allocates: kind == .allGather ? bytes * Double(layout.tensor) : bytes)
        if runtime.overlapsCollectives { program.turns.insert(index) }
        return index
    }

    // MARK: Layers

    /// Which of a stack's layer kinds is compiled.
    struct Variant: Hashable {
        var routes = false
        var window = 0
        /// A branch of the layer before waits to be added.
        var hasBranch = true
        /// Places in the row of expert layers, where experts are fetched ahead.
        var firstExperts = false
        var lastExperts = false
    }

    /// One transformer layer.
    mutating func layer(_ stack: Stack, _ variant: Variant, decodes: Bool) -> LayerProgram {
        program = LayerProgram()
        let norms = stack.norms
        var residual = LayerProgram.Outside.residual
        var branch: Int? = variant.hasBranch ? LayerProgram.Outside.branch : nil
        prefetchExperts(stack, variant)
        let input = norm("attention.norm", &residual, &branch, also: [LayerProgram.Outside.weights])

        if stack.parallelBlocks {
            // Both branches read the residual stream and are added before one exchange (Falcon, GPT-NeoX).
            let attended = attention(stack, variant, input, decodes: decodes, exchanging: false)
            let forwardInput = norms > 1 ? secondNorm("feed-forward.norm", residual) : input
            let forward = feedForward(stack, variant, forwardInput, exchanging: false)
            let sum = add("residual.branches", .elementwise(.sum(rows: shape.tokens, width: model.hidden, activations: activations)), after: [attended, forward])
            branch = exchange("layer.all-reduce", .allReduce, elements: width, after: sum)
        } else {
            branch = attention(stack, variant, input, decodes: decodes, exchanging: true)
            let inner = stack.crossAttention && decodes ? 3 : 2
            if norms > inner { branch = secondNorm("attention.post-norm", branch ?? input) }
            if stack.crossAttention, decodes {
                let crossInput = norm("cross-attention.norm", &residual, &branch)
                branch = crossAttention(stack, crossInput)
            }
            let forwardInput = norm("feed-forward.norm", &residual, &branch)
            branch = feedForward(stack, variant, forwardInput, exchanging: true)
            if norms > inner + 1 { branch = secondNorm("feed-forward.post-norm", branch ?? forwardInput) }
        }
        program.residual = residual >= 0 ? residual : nil
        program.branch = branch
        return program
    }

    /// Elements of the residual stream.
    var width: Double { Double(shape.tokens) * Double(model.hidden) }

    /// Adds the waiting branch to the residual stream, in the norm's kernel or before it, and normalises the sum.
    mutating func norm(_ name: String, _ residual: inout Int, _ branch: inout Int?, also: [Int] = []) -> Int {
        var before = [residual] + also
        var fused = false
        if let waiting = branch {
            fused = runtime.fuses(.residualNorm)
            if fused {
                before.append(waiting)
            } else {
                let sum = add("residual.add", .elementwise(.sum(rows: shape.tokens, width: model.hidden, activations: activations)), after: before + [waiting])
                residual = sum
                before = [sum]
            }
            branch = nil
        }
        if !fused, composesNorms { return addComposedNorm(name, after: before) }
        let norm = add(name, normalise(width: model.hidden, rows: shape.tokens, residual: fused), after: before)
        if fused { residual = norm }
        return norm
    }

    /// The framework has a kernel for layer norm, but builds RMS norm from elementary ones.
    private var composesNorms: Bool { model.norm == .rms && runtime.composed.contains(.norm) }

    private mutating func addComposedNorm(_ name: String, after before: [Int]) -> Int {
        chain(name, Elementwise.composedNorm(rows: shape.tokens, width: model.hidden, activations: activations, vectors: arrangement.precision.vectors), after: before)
    }

    /// Kernels that follow each other, under one name.
    mutating func chain(_ name: String, _ kernels: [Elementwise], after before: [Int], allocates: Bytes? = nil) -> Int {
        var last = before
        for kernel in kernels { last = [add(name, .elementwise(kernel), after: last, allocates: allocates)] }
        return last[0]
    }

    /// A norm of its own, without the residual stream.
    mutating func secondNorm(_ name: String, _ input: Int) -> Int {
        composesNorms ? addComposedNorm(name, after: [input]) : add(name, normalise(width: model.hidden, rows: shape.tokens), after: [input])
    }

    /// - Parameter scales: learned scales that the rows take, 2 where queries and keys each have their own.
    func normalise(width: Int, rows: Int, residual: Bool = false, scales: Int = 1) -> Operator {
        var norm = Elementwise.norm(model.norm, rows: rows, width: width, residual: residual, activations: activations, vectors: arrangement.precision.vectors)
        norm.moved.weights = norm.moved.weights * Double(scales)
        return .elementwise(norm)
    }
}
