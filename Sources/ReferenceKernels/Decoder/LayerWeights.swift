import ReferenceKernelsC

/// Where the matrices of one layer lie in its block: the same block in memory and in a file.
struct LayerLayout {
    let shape: DecoderShape
    /// Query, key, value, output; then gate, up, down of each expert (of the one dense part); then the router.
    let matrices: [(layout: WeightLayout, offset: Int)]
    /// The two norm weights.
    let norms: Int
    /// A multiple of the alignment of reads past the page cache.
    let bytes: Int

    init(_ shape: DecoderShape) throws(KernelError) {
        self.shape = shape
        let query = shape.heads * shape.headDimension, key = shape.kvHeads * shape.headDimension
        var shapes = [(query, shape.hidden, shape.weights), (key, shape.hidden, shape.weights), (key, shape.hidden, shape.weights),
                      (shape.hidden, query, shape.weights)]
        for _ in 0..<max(1, shape.experts) {
            shapes += [(shape.intermediate, shape.hidden, shape.weights), (shape.intermediate, shape.hidden, shape.weights),
                       (shape.hidden, shape.intermediate, shape.weights)]
        }
        if shape.isMixture { shapes.append((shape.experts, shape.hidden, .fp32)) }
        var offset = 0
        var matrices: [(layout: WeightLayout, offset: Int)] = []
        for (n, k, format) in shapes {
            let layout = try WeightLayout(format, n: n, k: k)
            matrices.append((layout, offset))
            offset += layout.bytes
        }
        self.matrices = matrices
        norms = offset
        bytes = (offset + 2 * shape.hidden * 4 + DirectFile.alignment - 1) / DirectFile.alignment * DirectFile.alignment
    }
}

/// One layer's weights as windows into its block.
struct LayerWeights {
    let query, key, value, output: WeightMatrix
    let gate, up, down: [WeightMatrix]
    let router: WeightMatrix?
    let attentionNorm, feedForwardNorm: UnsafeMutablePointer<Float>
    /// All of them, in the order of the block.
    let matrices: [WeightMatrix]

    init(_ layout: LayerLayout, at base: UnsafeMutableRawPointer, owner: AnyObject?) {
        let all = layout.matrices.map { WeightMatrix($0.layout, at: base + $0.offset, owner: owner) }
        let parts = max(1, layout.shape.experts)
        (query, key, value, output) = (all[0], all[1], all[2], all[3])
        gate = (0..<parts).map { all[4 + 3 * $0] }
        up = (0..<parts).map { all[5 + 3 * $0] }
        down = (0..<parts).map { all[6 + 3 * $0] }
        router = layout.shape.isMixture ? all[all.count - 1] : nil
        attentionNorm = (base + layout.norms).assumingMemoryBound(to: Float.self)
        feedForwardNorm = attentionNorm + layout.shape.hidden
        matrices = all
    }

    /// The random weights of layer `index`: the same for a seed wherever and in whatever order layers are made.
    func fill(layer index: Int, seed: UInt64) throws(KernelError) {
        for (i, matrix) in matrices.enumerated() { try matrix.fill(seed: seed &+ UInt64(index) &* 0x1_0000_0001 &+ UInt64(i) &* 0x10001) }
        let hidden = output.n
        for i in 0..<2 * hidden { attentionNorm[i] = 1 }
    }
}

/// The layers of a decoder, in memory or read as they are needed.
protocol LayerSource: AnyObject {
    /// The weights of the next layer in order; what was given before stays valid until the one after next is asked for.
    func next() throws(KernelError) -> LayerWeights
    /// Bytes read from a drive for one pass over all layers.
    var bytesStreamed: Int { get }
}

final class ResidentLayers: LayerSource {
    let layers: [LayerWeights]
    private var at = 0
    let bytesStreamed = 0

    init(_ shape: DecoderShape, seed: UInt64) throws(KernelError) {
        let layout = try LayerLayout(shape)
        var layers: [LayerWeights] = []
        for index in 0..<shape.layers {
            let memory = try AlignedBuffer<UInt8>(count: layout.bytes)
            let layer = LayerWeights(layout, at: UnsafeMutableRawPointer(memory.pointer), owner: memory)
            try layer.fill(layer: index, seed: seed)
            layers.append(layer)
        }
        self.layers = layers
    }

    init(layers: [LayerWeights]) { self.layers = layers }

    func next() -> LayerWeights {
        defer { at = (at + 1) % layers.count }
        return layers[at]
    }
}

/// Layers read from a file past the page cache, the next one while this one is computed with.
final class StreamedLayers: LayerSource {
    private let file: DirectFile
    private let layout: LayerLayout
    private let buffers: [AlignedBuffer<UInt8>]
    private let windows: [LayerWeights]
    private let reader: OpaquePointer
    private var layer = 0, turn = 0

    init(_ shape: DecoderShape, file path: String) throws(KernelError) {
        layout = try LayerLayout(shape)
        file = try DirectFile(path: path)
        let expected = layout.bytes * shape.layers
        guard file.size == expected else {
            throw KernelError("\(path): has \(file.size) bytes, but \(shape.layers) layers of this shape take \(expected); write it again for this shape")
        }
        var buffers: [AlignedBuffer<UInt8>] = []
        for _ in 0..<2 { buffers.append(try AlignedBuffer<UInt8>(count: layout.bytes)) }
        self.buffers = buffers
        let layout = layout
        windows = buffers.map { LayerWeights(layout, at: UnsafeMutableRawPointer($0.pointer), owner: $0) }
        guard let reader = rk_reader_create(4, 1 << 20) else { throw KernelError("no thread for reading weights") }
        self.reader = reader
        start()
    }

    deinit {
        _ = rk_reader_wait(reader)
        rk_reader_destroy(reader)
    }

    var bytesStreamed: Int { layout.bytes * layout.shape.layers }

    private func start() {
        if !file.isDirect { file.dropCache() }
        rk_reader_start(reader, file.descriptor, buffers[turn].pointer, layout.bytes, layer * layout.bytes)
    }

    func next() throws(KernelError) -> LayerWeights {
        let error = rk_reader_wait(reader)
        guard error == 0 else { throw KernelError("\(file.path): cannot be read: error \(error)") }
        let ready = windows[turn]
        layer = (layer + 1) % layout.shape.layers
        turn = 1 - turn
        start()
        return ready
    }
}
