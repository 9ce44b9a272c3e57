import Documents
import Quantities
import ReferenceKernels

// What was timed on this machine's processor, as rows of the measured-run format.

extension MeasuredRecord {
    /// The time of one kernel. Products and attention have the names under which they are predicted.
    ///
    /// - Parameter date: of the measurement, for whoever reads the file later.
    public init(_ kernel: MeasuredKernel, date: String) {
        self.init(family: kernel.family.rawValue, phase: kernel.kernel, metric: "kernel_latency", value: kernel.timing.median * 1e3, unit: "ms")
        locate(date, software: kernel.implementation, threads: kernel.threads)
        precision = Self.label(kernel.format)
        for (name, size) in kernel.shape {
            switch (kernel.family, name) {
            case (.attentionPrefill, "batch"), (.attentionDecode, "batch"): batch = size
            case (.attentionPrefill, "context"): inputLength = size
            case (.attentionDecode, "context"):
                (inputLength, outputLength) = (size, 1)
                add("kv_len", JSON(size))
            case (_, "bytes"): add("bytes", JSON(size))
            case (.attentionPrefill, "queries"), (.attentionDecode, "queries"): break
            case (_, "top_k"): add("topk", JSON(size))
            default: add(name, JSON(size))
            }
        }
        state(kernel.timing)
        add("flops", JSON(kernel.flops.value))
        add("min_bytes", JSON(kernel.bytes.value))
        add("threads", JSON(kernel.threads))
        if kernel.family == .offload { add("storage", JSON("host-drive")) }
        note = kernel.family == .elementwise ? "operands in the cache as far as they fit" : "weights and caches out of the processor's caches"
    }

    /// Prefill and decode step of one decoder.
    public static func records(_ decoder: MeasuredDecoder, date: String) -> [MeasuredRecord] {
        func record(_ family: String, _ metric: String, _ timing: Timing) -> MeasuredRecord {
            var record = MeasuredRecord(family: decoder.streams ? "offload" : family, phase: family, metric: metric, value: timing.median * 1e3, unit: "ms")
            record.locate(date, software: decoder.implementation, threads: decoder.threads)
            record.model = "decoder \(decoder.shape.layers)x\(decoder.shape.hidden)"
            record.precision = label(decoder.shape.weights.tensorFormat)
            record.batch = decoder.batch
            // A step stands for the mean context of those that were timed.
            record.inputLength = family == "prefill" ? decoder.prompt : (decoder.contexts.lowerBound + decoder.contexts.upperBound) / 2
            record.outputLength = 1
            let shape = decoder.shape
            for (name, value) in [("layers", shape.layers), ("hidden", shape.hidden), ("heads", shape.heads), ("kv_heads", shape.kvHeads),
                                  ("head_dim", shape.headDimension), ("inter", shape.intermediate), ("vocabulary", shape.vocabulary),
                                  ("experts", shape.experts), ("topk", shape.expertsPerToken)] where value > 0 { record.add(name, JSON(value)) }
            record.state(timing)
            if decoder.streams { record.add("storage", JSON("host-drive")) }
            record.note = decoder.streams ? "layers read from a file in every step" : "random weights"
            return record
        }
        return [record("prefill", "batch_ttft", decoder.prefill), record("decode", "tpot", decoder.decode)]
    }

    private mutating func locate(_ date: String, software implementation: String, threads: Int) {
        source = "orrery measure cpu"
        reference = date
        device = "host"
        software = "reference-kernels (\(implementation), \(threads) threads)"
    }

    private mutating func state(_ timing: Timing) {
        add("repeats", JSON(timing.repeats))
        add("spread", JSON((timing.spread * 1e4).rounded() / 1e4))
        if timing.drift > 0 { add("drift", JSON((timing.drift * 1e4).rounded() / 1e4)) }
    }

    private static func label(_ format: TensorFormat) -> String {
        switch (format.bits, format.sparse24) {
        case (8, _): "w8a32_g\(format.group)"
        case (4, _): "w4a32_g\(format.group)"
        case (_, true): "fp32_sparse24"
        default: "fp32"
        }
    }
}
