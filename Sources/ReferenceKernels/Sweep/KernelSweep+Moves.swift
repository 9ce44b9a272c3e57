import Quantities
import ReferenceKernelsC

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension KeyValueCache {
    /// Random keys and values in every place.
    func fill(seed: UInt64) {
        rk_fill_random(keys.pointer, keys.count, UInt(truncatingIfNeeded: seed), 0, 1)
        rk_fill_random(values.pointer, values.count, UInt(truncatingIfNeeded: seed &+ 1), 0, 1)
    }
}

extension KernelSweep {
    // MARK: Rows and elements

    func elementwiseCases() -> [SweepCase] {
        var cases: [SweepCase] = []
        for (rows, width) in [(1, 4096), (16, 4096), (128, 2048), (256, 4096), (1024, 4096)] {
            let count = rows * width, elements = Double(count), shape: KeyValuePairs = ["rows": rows, "width": width]
            func add(_ kernel: String, flops: Double, arrays: Double, _ prepare: @escaping (FloatBuffer, FloatBuffer, FloatBuffer) throws(KernelError) -> Void) {
                cases.append(SweepCase(family: .elementwise, kernel: kernel, shape: shape, flops: flops * elements, bytes: 4 * arrays * elements) { () throws(KernelError) in
                    let x = try FloatBuffer.random(count, seed: 1), y = try FloatBuffer.random(count, seed: 2), out = try FloatBuffer(count: count)
                    return { (_) throws(KernelError) in try prepare(out, x, y) }
                })
            }
            // Operations of one element as the formulas count them; an exponential counts as one.
            add("rms_norm", flops: 4, arrays: 2) { Kernels.rmsNorm($0, $1, weight: $2, rows: rows, width: width) }
            add("layer_norm", flops: 7, arrays: 2) { Kernels.layerNorm($0, $1, weight: $2, bias: $2, rows: rows, width: width) }
            add("softmax", flops: 4, arrays: 2) { out, x, _ throws(KernelError) in Kernels.softmax(out, x, rows: rows, width: width) }
            add("silu_mul", flops: 5, arrays: 3) { Kernels.siluMul($0, gate: $1, up: $2, count: count) }
            add("gelu", flops: 8, arrays: 2) { out, x, _ throws(KernelError) in Kernels.gelu(out, x, count: count) }
            add("add", flops: 1, arrays: 3) { Kernels.add($0, $1, $2, count: count) }
            cases.append(rotary(rows: rows, heads: width / 128))
            cases.append(gather(rows: rows, width: width))
        }
        for tokens in [1, 16, 256] { cases += routing(tokens: tokens, experts: 64, chosen: 6, width: 2048) }
        return cases
    }

    private func rotary(rows: Int, heads: Int) -> SweepCase {
        let elements = Double(rows * heads * 128)
        return SweepCase(family: .elementwise, kernel: "rotary", shape: ["rows": rows, "heads": heads, "head_dim": 128],
                         flops: 3 * elements, bytes: 8 * elements) { () throws(KernelError) in
            let angles = try RotaryAngles(dimension: 128, positions: rows), x = try FloatBuffer.random(rows * heads * 128, seed: 1)
            let positions = try IndexBuffer((0..<rows).map { Int32($0) })
            return { (_) throws(KernelError) in Kernels.rotary(x, angles, positions: positions, rows: rows, heads: heads) }
        }
    }

    private func gather(rows: Int, width: Int) -> SweepCase {
        SweepCase(family: .elementwise, kernel: "embedding", shape: ["rows": rows, "width": width], flops: 0, bytes: 8 * Double(rows * width)) { () throws(KernelError) in
            let vocabulary = 16_384
            let table = try FloatBuffer.random(vocabulary * width, seed: 1), out = try FloatBuffer(count: rows * width)
            let ids = try IndexBuffer(count: rows)
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
                      flops: flops, bytes: bytes) { () throws(KernelError) in
                let routing = try Routing(tokens: tokens, experts: experts, perToken: chosen), logits = try FloatBuffer.random(tokens * experts, seed: 1)
                let x = try FloatBuffer.random(tokens * width, seed: 2), sorted = try FloatBuffer(count: tokens * chosen * width)
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
        [64 << 10, 1 << 20, 8 << 20, 64 << 20, 256 << 20].map { bytes in
            SweepCase(family: .copy, kernel: "copy", shape: ["bytes": bytes], format: .int8, flops: 0, bytes: 2 * Double(bytes)) { () throws(KernelError) in
                let from = try AlignedBuffer<UInt8>(count: bytes), to = try AlignedBuffer<UInt8>(count: bytes)
                return { (_) throws(KernelError) in Kernels.copy(to, from, bytes: bytes) }
            }
        }
    }

    /// Reads of one file past the page cache, each at the next place of it.
    func offloadCases(_ folder: String) throws(KernelError) -> [SweepCase] {
        let size = 512 << 20, file = try TemporaryFile(folder: folder, bytes: size)
        return [64 << 10, 1 << 20, 16 << 20, 64 << 20].map { bytes in
            SweepCase(family: .offload, kernel: "file_read", shape: ["bytes": bytes], format: .int8, implementation: { file.implementation },
                      flops: 0, bytes: Double(bytes)) { () throws(KernelError) in
                let buffer = try AlignedBuffer<UInt8>(count: bytes)
                let reader = try DirectFile(path: file.path)
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
