extension BadInput {
    /// Mistakes in single operators, and what is said of them.
    static let operators: [BadInput] = [
        BadInput("an operator that is none", in: .product, #""kind": "gemm""#, #""kind": "matmul""#,
                 #"operator.kind: "matmul" is unknown; use gemm, attention, moe, collective, copy, norm, activation or softmax"#),
        BadInput("a product without a dimension", in: .product, #", "k": 512"#, "",
                 #"operator: "k" is missing"#),
        BadInput("a product of nothing", in: .product, #""m": 512"#, #""m": 0"#,
                 "operator.m: 0 is out of range; use 1 to 100000000"),
        BadInput("an exchange without a link", in: .product, #"{ "kind": "gemm", "m": 512, "n": 512, "k": 512 }"#, #"{ "kind": "collective", "operation": "all-reduce", "participants": 2, "bytes": "1 MB" }"#,
                 #"operator.participants: 2 devices take part, but "toy" has 1 of "gpu""#),
        BadInput("an exchange among more devices than there are", in: .product, #"{ "kind": "gemm", "m": 512, "n": 512, "k": 512 }"#, #"{ "kind": "collective", "operation": "all-reduce", "participants": 64, "bytes": "1 MB" }"#, on: "pair",
                 #"operator.participants: 64 devices take part, but "pair" has 2 of "gpu""#),
        BadInput("a copy from a place that is not there", in: .product, #"{ "kind": "gemm", "m": 512, "n": 512, "k": 512 }"#, #"{ "kind": "copy", "from": "host", "to": "gpu", "bytes": "1 MB" }"#,
                 #"operator.from: "toy" has no group "host"; use "device" or "gpu""#),
        BadInput("a copy onto itself", in: .product, #"{ "kind": "gemm", "m": 512, "n": 512, "k": 512 }"#, #"{ "kind": "copy", "from": "gpu", "to": "gpu", "bytes": "1 MB" }"#,
                 #"operator.to: is "gpu", where the bytes come from"#),
        BadInput("more queries than context", in: .product, #"{ "kind": "gemm", "m": 512, "n": 512, "k": 512 }"#, #"{ "kind": "attention", "batch": 1, "queries": 9, "context": 8, "heads": 8, "headDimension": 64 }"#,
                 "operator: 9 queries are more than a context of 8 tokens, which contains them"),
    ]
}
