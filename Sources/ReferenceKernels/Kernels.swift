import ReferenceKernelsC

/// Kernels of a transformer on the host processor: fp32 arithmetic, all threads, vectorised for this processor.
///
/// Shapes are in the comments, rows contiguous. A buffer too small for its shape is a mistake of the caller and stops
/// the program, as an index out of range does.
public enum Kernels {
    /// Threads that take part in a kernel, the calling one included.
    public static var threads: Int {
        get { Int(rk_threads()) }
        set { rk_set_threads(Int32(clamping: newValue)) }
    }

    /// `"avx512vnni"`, `"avx512"`, `"avx2"` or `"portable"`.
    public static var instructionSet: String { String(cString: rk_isa()) }

    /// Instruction sets that this processor has kernels for, best first.
    public static var instructionSets: [String] {
        let current = instructionSet
        defer { rk_select_isa(current) }
        return ["avx512vnni", "avx512", "avx2", "portable"].filter { rk_select_isa($0) == 0 }
    }

    /// Uses another instruction set from now on; false where the processor does not have it.
    @discardableResult public static func select(instructionSet: String) -> Bool { rk_select_isa(instructionSet) == 0 }

    static func need(_ buffer: AlignedBuffer<some Any>, _ count: Int, _ what: String) {
        precondition(buffer.count >= count, "\(what) has \(buffer.count) elements and needs \(count)")
    }

    static func check(_ result: Int32) throws(KernelError) {
        if result != 0 { throw KernelError("no memory for the tiles of a kernel") }
    }

    // MARK: Matrix products

    public enum Backend: String, Sendable { case own, openBLAS }

    /// The implementation that `matmul` takes for `m` rows: OpenBLAS for fp32 products of more than a few rows when it
    /// is loaded, the kernels of this module for all others.
    public static func backend(m: Int, format: WeightFormat) -> Backend {
        format == .fp32 && m > rk_skinny_rows && BLAS.name != nil ? .openBLAS : .own
    }

    /// Y[m, n] = X[m, k] Wᵀ.
    public static func matmul(_ y: FloatBuffer, _ x: FloatBuffer, _ w: WeightMatrix, m: Int, backend: Backend? = nil) throws(KernelError) {
        need(x, m * w.k, "x")
        need(y, m * w.n, "y")
        if (backend ?? self.backend(m: m, format: w.format)) == .openBLAS {
            guard w.format == .fp32 else { throw KernelError("OpenBLAS multiplies fp32 weights, not \(w.format)") }
            guard rk_blas_matmul(y.pointer, x.pointer, w.view.values.assumingMemoryBound(to: Float.self), m, w.n, w.k) == 0 else { throw BLAS.absent }
        } else {
            let result = withUnsafePointer(to: w.view) { rk_matmul(y.pointer, x.pointer, $0, m) }
            try check(result)
        }
    }

    /// Rows offsets[e] to offsets[e + 1] of X times the weights of expert e, into the same rows of Y.
    public static func groupedMatmul(_ y: FloatBuffer, _ x: FloatBuffer, _ experts: [WeightMatrix], offsets: AlignedBuffer<Int>) throws(KernelError) {
        need(offsets, experts.count + 1, "offsets")
        guard let first = experts.first else { return }
        precondition(experts.allSatisfy { $0.n == first.n && $0.k == first.k }, "experts differ in shape")
        need(x, offsets[experts.count] * first.k, "x")
        need(y, offsets[experts.count] * first.n, "y")
        try check(rk_grouped_matmul(y.pointer, x.pointer, experts.map(\.view), offsets.pointer, experts.count))
    }

    // MARK: Rows and elements

    /// `out` and `x` [rows, width], `weight` [width]; `out` may be `x`.
    public static func rmsNorm(_ out: FloatBuffer, _ x: FloatBuffer, weight: FloatBuffer, rows: Int, width: Int, epsilon: Float = 1e-5) {
        need(x, rows * width, "x"); need(out, rows * width, "out"); need(weight, width, "weight")
        rk_rms_norm(out.pointer, x.pointer, weight.pointer, rows, width, epsilon)
    }

    public static func layerNorm(_ out: FloatBuffer, _ x: FloatBuffer, weight: FloatBuffer, bias: FloatBuffer, rows: Int, width: Int, epsilon: Float = 1e-5) {
        need(x, rows * width, "x"); need(out, rows * width, "out"); need(weight, width, "weight"); need(bias, width, "bias")
        rk_layer_norm(out.pointer, x.pointer, weight.pointer, bias.pointer, rows, width, epsilon)
    }

    public static func softmax(_ out: FloatBuffer, _ x: FloatBuffer, rows: Int, width: Int) {
        need(x, rows * width, "x"); need(out, rows * width, "out")
        precondition(width > 0, "a softmax of no elements")
        rk_softmax(out.pointer, x.pointer, rows, width)
    }

    /// out = silu(gate) · up.
    public static func siluMul(_ out: FloatBuffer, gate: FloatBuffer, up: FloatBuffer, count: Int) {
        need(gate, count, "gate"); need(up, count, "up"); need(out, count, "out")
        rk_silu_mul(out.pointer, gate.pointer, up.pointer, count)
    }

    /// GELU in its tanh form.
    public static func gelu(_ out: FloatBuffer, _ x: FloatBuffer, count: Int) {
        need(x, count, "x"); need(out, count, "out")
        rk_gelu(out.pointer, x.pointer, count)
    }

    public static func add(_ out: FloatBuffer, _ a: FloatBuffer, _ b: FloatBuffer, count: Int) {
        need(a, count, "a"); need(b, count, "b"); need(out, count, "out")
        rk_add(out.pointer, a.pointer, b.pointer, count)
    }

    /// out[i] = table[ids[i]]; `table` [?, width].
    public static func gather(_ out: FloatBuffer, table: FloatBuffer, ids: IndexBuffer, rows: Int, width: Int) {
        need(out, rows * width, "out"); need(ids, rows, "ids")
        for i in 0..<rows { precondition(ids[i] >= 0 && (Int(ids[i]) + 1) * width <= table.count, "id \(ids[i]) is not a row of the table") }
        rk_gather(out.pointer, table.pointer, ids.pointer, rows, width)
    }

    /// Rotates the heads of x [rows, heads, dimension] in place by the angles of each row's position.
    public static func rotary(_ x: FloatBuffer, _ angles: RotaryAngles, positions: IndexBuffer, rows: Int, heads: Int) {
        need(x, rows * heads * angles.dimension, "x"); need(positions, rows, "positions")
        for i in 0..<rows { precondition(positions[i] >= 0 && positions[i] < angles.positions, "position \(positions[i]) has no angles") }
        rk_rotary(x.pointer, angles.table.pointer, positions.pointer, rows, heads, angles.dimension)
    }

    /// Copies `bytes` with all threads.
    public static func copy(_ out: AlignedBuffer<UInt8>, _ input: AlignedBuffer<UInt8>, bytes: Int) {
        need(input, bytes, "input"); need(out, bytes, "out")
        rk_copy(out.pointer, input.pointer, bytes)
    }
}

/// OpenBLAS, loaded when the program runs: building needs no package.
public enum BLAS {
    static let absent = KernelError("OpenBLAS is not on this machine; install the package libopenblas0 (Debian, Ubuntu) or openblas "
        + "(Fedora, Homebrew), or use the module's own product")

    /// Its version and configuration, nil while it is not loaded.
    public static var name: String? { rk_blas_name().map { String(cString: $0) } }

    /// Loads the system's library, or the one at `path`.
    public static func load(path: String? = nil) throws(KernelError) {
        guard let path else {
            guard rk_blas_load(nil) == 0 else { throw absent }
            return
        }
        guard rk_blas_load(path) == 0 else { throw KernelError("\(path): is not a library with cblas_sgemm") }
    }
}
