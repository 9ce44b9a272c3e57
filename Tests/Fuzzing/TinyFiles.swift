/// Models and jobs of every shape that are simulated in well under a millisecond each.
enum TinyFiles {
    static let models: [String: String] = [
        "tiny": """
            {"name": "Tiny", "family": "decoder", "hidden": 256, "vocabulary": 1000, "norm": "rms", "rotary": true, "source": "made up",
             "decoder": {"layers": 2, "attention": {"heads": 8, "kvHeads": 4, "window": 16, "fullEvery": 2}, "feedForward": {"kind": "swiglu", "dimension": 512}}}
            """,
        "tiny-experts": """
            {"name": "Tiny experts", "family": "decoder", "hidden": 256, "vocabulary": 1000, "norm": "rms", "rotary": true, "source": "made up",
             "decoder": {"layers": 3, "attention": {"heads": 8, "headDimension": 48,
               "latent": {"queryRank": 64, "keyValueRank": 64, "nopeDimension": 32, "ropeDimension": 16, "valueDimension": 32}},
               "feedForward": {"kind": "swiglu", "dimension": 512}, "experts": {"count": 16, "topK": 2, "dimension": 64, "shared": 1, "firstDense": 1}}}
            """,
        "tiny-two-stacks": """
            {"name": "Tiny encoder-decoder", "family": "encoder-decoder", "hidden": 256, "vocabulary": 1000, "norm": "layer", "source": "made up",
             "encoder": {"layers": 1, "attention": {"heads": 8}, "feedForward": {"kind": "relu", "dimension": 512}},
             "decoder": {"layers": 1, "crossAttention": true, "attention": {"heads": 8}, "feedForward": {"kind": "relu", "dimension": 512}}}
            """,
    ]

    static let jobs = [
        #"{"model": "tiny", "phase": "generate", "batch": 3, "prompt": 20, "output": 4, "precision": {"weights": "int4/g128"}}"#,
        #"{"model": "tiny-experts", "phase": "decode", "batch": 4, "prompt": 33, "parallelism": {"data": 2, "expert": 2}, "routing": {"kind": "zipf", "exponent": 1}}"#,
        #"{"model": "tiny", "phase": "decode", "batch": 4, "prompt": 64, "parallelism": {"tensor": 2, "pipeline": 2}}"#,
        #"{"model": "tiny-experts", "phase": "decode", "batch": 1, "prompt": 8, "placement": {"experts": "host"}, "expertFetch": "pre-gated"}"#,
        #"{"model": "tiny", "phase": "generate", "batch": 2, "prompt": 8, "output": 3, "placement": {"weights": {"device": 0.5, "host": 0.5}, "cache": "host"}}"#,
        #"{"model": "tiny", "phase": "decode", "batch": 4, "prompt": 64, "placement": {"attention": "pim"}, "subBatches": 2}"#,
        #"{"model": "tiny", "phase": "decode", "batch": 4, "prompt": 64, "placement": {"attention": "csd"}}"#,
        #"{"model": "tiny-two-stacks", "phase": "generate", "prompt": 12, "output": 3, "precision": {"weights": "fp8+2:4"}}"#,
        #"{"operator": {"kind": "gemm", "m": 300, "n": 700, "k": 900, "weights": "3bit"}}"#,
        #"{"operator": {"kind": "collective", "operation": "all-reduce", "participants": 16, "bytes": "1 MiB"}}"#,
        #"{"operator": {"kind": "copy", "from": "host", "to": "gpu", "bytes": "1 MiB", "requests": 3}}"#,
    ]
}
