#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The kernels once more, as their definitions read, in double precision and without any care for speed: what the fast
/// ones are checked against.
public enum Oracle {
    /// Y[m, n] = X[m, k] W[n, k]ᵀ.
    public static func matmul(_ x: [Float], _ w: [Float], m: Int, n: Int, k: Int) -> [Double] {
        var y = [Double](repeating: 0, count: m * n)
        for r in 0..<m {
            for c in 0..<n {
                var sum = 0.0
                for i in 0..<k { sum += Double(x[r * k + i]) * Double(w[c * k + i]) }
                y[r * n + c] = sum
            }
        }
        return y
    }

    public static func rmsNorm(_ x: [Float], weight: [Float], rows: Int, width: Int, epsilon: Float) -> [Double] {
        perRow(x, rows, width) { row in
            let mean = row.reduce(0) { $0 + $1 * $1 } / Double(width)
            return row.enumerated().map { $1 / (mean + Double(epsilon)).squareRoot() * Double(weight[$0]) }
        }
    }

    public static func layerNorm(_ x: [Float], weight: [Float], bias: [Float], rows: Int, width: Int, epsilon: Float) -> [Double] {
        perRow(x, rows, width) { row in
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return row.enumerated().map { ($1 - mean) / (variance + Double(epsilon)).squareRoot() * Double(weight[$0]) + Double(bias[$0]) }
        }
    }

    public static func softmax(_ x: [Float], rows: Int, width: Int) -> [Double] {
        perRow(x, rows, width, softmax)
    }

    static func softmax(_ row: [Double]) -> [Double] {
        let top = row.max() ?? 0
        let powers = row.map { exp($0 - top) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }

    public static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
    public static func gelu(_ x: Double) -> Double { 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x))) }

    /// Rotates pairs (i, i + dimension/2) of x [rows, heads, dimension].
    public static func rotary(_ x: [Float], positions: [Int32], rows: Int, heads: Int, dimension: Int, base: Double) -> [Double] {
        var out = x.map(Double.init)
        let half = dimension / 2
        for r in 0..<rows {
            for h in 0..<heads {
                for i in 0..<half {
                    let angle = Double(positions[r]) * pow(base, -2 * Double(i) / Double(dimension)), at = (r * heads + h) * dimension + i
                    let a = Double(x[at]), b = Double(x[at + half])
                    out[at] = a * cos(angle) - b * sin(angle)
                    out[at + half] = b * cos(angle) + a * sin(angle)
                }
            }
        }
        return out
    }

    /// Causal grouped-query attention; shapes as in `Kernels.attention`.
    public static func attention(q: [Float], keys: [Float], values: [Float], batch: Int, queries: Int, heads: Int, kvHeads: Int,
                                 dimension d: Int, capacity: Int, context: [Int]) -> [Double] {
        var out = [Double](repeating: 0, count: batch * queries * heads * d)
        for b in 0..<batch {
            for i in 0..<queries {
                for h in 0..<heads {
                    let row = ((b * queries + i) * heads + h) * d, cache = (b * kvHeads + h / (heads / kvHeads)) * capacity * d
                    let visible = context[b] - queries + 1 + i
                    let scores = (0..<visible).map { j in
                        (0..<d).reduce(0.0) { $0 + Double(q[row + $1]) * Double(keys[cache + j * d + $1]) } / Double(d).squareRoot()
                    }
                    for (j, p) in softmax(scores).enumerated() {
                        for c in 0..<d { out[row + c] += p * Double(values[cache + j * d + c]) }
                    }
                }
            }
        }
        return out
    }

    /// The experts of each token, best first, and their weights.
    public static func route(_ logits: [Float], tokens: Int, experts: Int, perToken: Int, renormalise: Bool) -> (chosen: [Int], weights: [Double]) {
        var chosen: [Int] = [], weights: [Double] = []
        for t in 0..<tokens {
            let row = logits[t * experts..<(t + 1) * experts].map(Double.init), parts = softmax(row)
            let best = row.indices.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }.prefix(perToken)
            let total = renormalise ? best.reduce(0) { $0 + parts[$1] } : 1
            chosen += best
            weights += best.map { parts[$0] / total }
        }
        return (chosen, weights)
    }

    private static func perRow(_ x: [Float], _ rows: Int, _ width: Int, _ body: ([Double]) -> [Double]) -> [Double] {
        (0..<rows).flatMap { r in body(x[r * width..<(r + 1) * width].map(Double.init)) }
    }
}
