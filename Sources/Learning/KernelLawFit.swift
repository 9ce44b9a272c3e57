import LearnedModels
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Fits the laws of kernels to a few measurements: least squares of log measured ÷ predicted, linear for what lies far off.
struct KernelLawFit {
    struct Row {
        var label: String
        /// Seconds.
        var measured: Double
        /// What the law is a multiple of, in seconds; the same for a kernel that ignores windows.
        var model: Double
        var whole: Double
    }

    /// Beyond this, on a natural logarithmic scale, residuals count linearly (soft L1).
    private static let softness = 0.1
    let rows: [Row]
    let laws: [KernelLaw]
    /// Launch and factor, as logarithms, of all kernels together: what that of one is drawn to where it has few rows.
    private let shared: [Double]

    init(_ rows: [Row]) {
        self.rows = rows
        let fastest = rows.map(\.measured).min() ?? 1
        shared = patternSearch(from: [log(fastest), 0], step: 1, until: 1e-3) { Self.loss($0, rows, whole: false) }
        var laws: [KernelLaw] = []
        for (label, own) in Dictionary(grouping: rows, by: \.label).sorted(by: { $0.key < $1.key }) {
            let seeing = Self.fit(own, whole: false, from: shared), blind = Self.fit(own, whole: true, from: shared)
            let ignoresWindow = own.contains { $0.whole != $0.model } && Self.loss(blind, own, whole: true) < Self.loss(seeing, own, whole: false)
            let found = ignoresWindow ? blind : seeing
            laws.append(KernelLaw(label: label, points: own.count, launch: exp(found[0]), factor: exp(found[1]), ignoresWindow: ignoresWindow))
        }
        self.laws = laws
    }

    /// log₂ of measured ÷ what the law of its kernel says, by row.
    var residuals: [Double] { rows.map { row in laws.first { $0.label == row.label }.map { Self.residual(row, $0) } ?? 0 } }

    /// The same by laws that had not seen the row.
    var leftOut: [Double] {
        rows.indices.map { place in
            let row = rows[place]
            guard var law = laws.first(where: { $0.label == row.label }) else { return 0 }
            let others = rows.indices.filter { $0 != place && rows[$0].label == row.label }.map { rows[$0] }
            let found = Self.fit(others, whole: law.ignoresWindow, from: shared)
            (law.launch, law.factor) = (exp(found[0]), exp(found[1]))
            return Self.residual(row, law)
        }
    }

    private static func residual(_ row: Row, _ law: KernelLaw) -> Double { log2(row.measured / law.seconds(law.ignoresWindow ? row.whole : row.model)) }

    /// A factor of e either way from what all kernels share is no surprise.
    private static func fit(_ rows: [Row], whole: Bool, from shared: [Double]) -> [Double] {
        patternSearch(from: shared, step: 1, until: 1e-3) { point in
            loss(point, rows, whole: whole) + 0.5 * zip(point, shared).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
    }

    private static func loss(_ point: [Double], _ rows: [Row], whole: Bool) -> Double {
        let law = KernelLaw(label: "", points: rows.count, launch: exp(point[0]), factor: exp(point[1]))
        return rows.reduce(0) { sum, row in
            let relative = log(row.measured / law.seconds(whole ? row.whole : row.model)) / softness
            return sum + (1 + relative * relative).squareRoot() - 1
        }
    }
}
