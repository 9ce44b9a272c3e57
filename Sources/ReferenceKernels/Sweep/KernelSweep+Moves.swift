import Quantities
import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension KernelSweep {
    // MARK: Rows and elements

    func elementwiseCases() -> [SweepCase] {
        var cases: [SweepCase] = []
        for (rows, width) in [(1, 768), (1, 896), (1, 2048), (1, 4096), (1, 8192), (1, 16_384), (4, 768), (4, 896), (4, 2048), (4, 4864), (8, 3072), (8, 8960), (16, 1536),
                              (16, 4096), (32, 768), (32, 2048), (64, 896), (64, 2048), (128, 896), (128, 1536), (128, 3072), (256, 768), (256, 1536), (512, 768),
                              (256, 4864), (512, 2048), (512, 4096), (1024, 2048), (2048, 896), (1024, 4096)] {
            let count = rows * width, elements = Double(count), shape: KeyValuePairs = ["rows": rows, "width": width]
            func add(_ kernel: String, flops: Double, arrays: Double, _ run: @escaping (FloatBuffer, FloatBuffer, FloatBuffer) throws(KernelError) -> Void) {
                cases.append(SweepCase(family: .elementwise, kernel: kernel, shape: shape, flops: flops * elements, bytes: 4 * arrays * elements,
                                       activations: [count, count, count]) { (pool) throws(KernelError) in
                    let x = pool.activation(count), y = pool.activation(count), out = pool.activation(count)
                    return { (_) throws(KernelError) in try run(out, x, y) }
                })
            }
            // Operations of one element as the formulas count them; an exponential counts as one.
            add("rms_norm", flops: 4, arrays: 2) { Kernels.rmsNorm($0, $1, weight: $2, rows: rows, width: width) }
            add("layer_norm", flops: 7, arrays: 2) { Kernels.layerNorm($0, $1, weight: $2, bias: $2, rows: rows, width: width) }
            add("softmax", flops: 4, arrays: 2) { out, x, _ throws(KernelError) in Kernels.softmax(out, x, rows: rows, width: width) }
            add("silu_mul", flops: 5, arrays: 3) { Kernels.siluMul($0, gate: $1, up: $2, count: count) }
            add("gelu", flops: 8, arrays: 2) { out, x, _ throws(KernelError) in Kernels.gelu(out, x, count: count) }
            add("add", flops: 1, arrays: 3) { Kernels.add($0, $1, $2, count: count) }
            if width % 128 == 0 { cases.append(rotary(rows: rows, heads: width / 128)) }
            cases.append(gather(rows: rows, width: width))
        }
        for (experts, chosen, width) in [(8, 2, 896), (16, 2, 1536), (64, 6, 2048)] {
            for tokens in [1, 4, 16, 64, 128, 256, 512] { cases += routing(tokens: tokens, experts: experts, chosen: chosen, width: width) }
        }
        return cases
    }

    private func rotary(rows: Int, heads: Int) -> SweepCase {
        let count = rows * heads * 128
        return SweepCase(family: .elementwise, kernel: "rotary", shape: ["rows": rows, "heads": heads, "head_dim": 128],
                         flops: 3 * Double(count), bytes: 8 * Double(count), activations: [count]) { (pool) throws(KernelError) in
            let angles = try RotaryAngles(dimension: 128, positions: rows), x = pool.activation(count)
            let positions = try IndexBuffer((0..<rows).map { Int32($0) })
            return { (_) throws(KernelError) in Kernels.rotary(x, angles, positions: positions, rows: rows, heads: heads) }
        }
    }

    private func gather(rows: Int, width: Int) -> SweepCase {
        SweepCase(family: .elementwise, kernel: "embedding", shape: ["rows": rows, "width": width], flops: 0, bytes: 8 * Double(rows * width),
                  activations: [rows * width]) { (pool) throws(KernelError) in
            let (table, vocabulary) = pool.table(width: width), out = pool.activation(rows * width), ids = try IndexBuffer(count: rows)
            return { (i) throws(KernelError) in
                for r in 0..<rows { ids.pointer[r] = Int32((r * 7919 + i * 104_729) % vocabulary) }
                Kernels.gather(out, table: table, ids: ids, rows: rows, width: width)
            }
        }
    }

    private func routing(tokens: Int, experts: Int, chosen: Int, width: Int) -> [SweepCase] {
        let rows = Double(tokens * chosen * width)
        func add(_ kernel: String, flops: Double, bytes: Double, _ body: @escaping (Routing, FloatBuffer, FloatBuffer, FloatBuffer) -> Void) -> SweepCase {
            SweepCase(family: .elementwise, kernel: kernel, shape: ["tokens": tokens, "experts": experts, "top_k": chosen, "width": width],
                      flops: flops, bytes: bytes, activations: [tokens * experts, tokens * width, tokens * chosen * width]) { (pool) throws(KernelError) in
                let routing = try Routing(tokens: tokens, experts: experts, perToken: chosen)
                let logits = pool.activation(tokens * experts), x = pool.activation(tokens * width), sorted = pool.activation(tokens * chosen * width)
                Kernels.route(routing, logits: logits, tokens: tokens)
                return { (_) throws(KernelError) in body(routing, logits, x, sorted) }
            }
        }
        return [
            add("router", flops: 4 * Double(tokens * experts), bytes: 4 * Double(tokens * (experts + 4 * chosen))) { routing, logits, _, _ in
                Kernels.route(routing, logits: logits, tokens: tokens)
            },
            add("permute", flops: 0, bytes: 8 * rows) { routing, _, x, sorted in Kernels.permute(sorted, x, routing, tokens: tokens, width: width) },
            add("combine", flops: 2 * rows, bytes: 4 * rows + 4 * Double(tokens * width)) { routing, _, x, sorted in
                Kernels.combine(x, sorted, routing, tokens: tokens, width: width)
            },
        ]
    }

    // MARK: Copies

    func copyCases() -> [SweepCase] {
        [64 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20, 96 << 20, 128 << 20].map { bytes in
            SweepCase(family: .copy, kernel: "copy", shape: ["bytes": bytes], format: .int8, flops: 0, bytes: 2 * Double(bytes),
                      activations: [bytes / 4, bytes / 4]) { (pool) throws(KernelError) in
                let from = pool.activation(bytes / 4), to = pool.activation(bytes / 4)
                return { (_) throws(KernelError) in rk_copy(to.pointer, from.pointer, bytes) }
            }
        }
    }

    /// Reads of one file past the page cache, each at the next place of it.
    func offloadCases(_ folder: String) throws(KernelError) -> [SweepCase] {
        let size = 512 << 20, file = try TemporaryFile(folder: folder, bytes: size)
        return [64 << 10, 256 << 10, 1 << 20, 2 << 20, 4 << 20, 8 << 20, 16 << 20, 32 << 20, 64 << 20].map { bytes in
            SweepCase(family: .offload, kernel: "file_read", shape: ["bytes": bytes], format: .int8, implementation: { file.implementation },
                      flops: 0, bytes: Double(bytes), activations: [bytes / 4]) { (pool) throws(KernelError) in
                let buffer = pool.activation(bytes / 4), reader = try DirectFile(path: file.path)
                return { (i) throws(KernelError) in
                    if !reader.isDirect { reader.dropCache() }
                    try reader.read(into: buffer.pointer, bytes: bytes, offset: i % (size / bytes) * bytes)
                }
            }
        }
    }
}

/// A file of random bytes, removed with its last owner.
final class TemporaryFile {
    let path: String

    init(folder: String, bytes: Int) throws(KernelError) {
        let piece = 16 << 20
        path = "\(folder)/orrery-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let buffer = try FloatBuffer(count: piece / 4, zeroed: false)
        let writer = try FileWriter(path: path)
        for first in stride(from: 0, to: bytes, by: piece) {
            rk_fill_random(buffer.pointer, piece / 4, 77, first / 4, 1)  // nothing that a drive could compress
            try writer.append(buffer.pointer, count: min(piece, bytes - first))
        }
        try writer.finish()
    }

    var implementation: String {
        (try? DirectFile(path: path).isDirect) == true ? "pread past the page cache" : "pread"
    }

    deinit { unlink(path) }
}
