internal import CGSL
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What evaluated places let one expect of one figure at the others: a Gaussian process over the logarithm of the figure
/// (Rasmussen and Williams, "Gaussian processes for machine learning", 2006, algorithm 2.1).
struct Surrogate {
    /// Variance that the covariance does not explain, of one: corners where a kernel changes.
    private static let noise = 2e-3

    /// Places with the figure, as indices into all that were evaluated.
    private let known: [Int]
    private let weights: [Double]
    private let factor: [Double]
    private let mean: Double
    private let scale: Double

    /// Whether there is anything to go by.
    var isUsable: Bool { !known.isEmpty }

    /// - Parameters:
    ///   - values: by evaluated place, `nan` or not positive where there is no figure.
    ///   - covariance: of all evaluated places with each other, by rows.
    init(_ values: [Double], covariance: [Double]) {
        let all = values.count
        known = values.indices.filter { values[$0] > 0 && values[$0].isFinite }
        let n = known.count, logs = known.map { log(values[$0]) }
        let mean = n > 0 ? logs.reduce(0, +) / Double(n) : 0
        let spread = n > 1 ? (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n - 1)).squareRoot() : 0
        let scale = spread > 1e-9 ? spread : 1
        self.mean = mean
        self.scale = scale
        guard n > 0, let matrix = gsl_matrix_alloc(n, n), let target = gsl_vector_alloc(n), let solution = gsl_vector_alloc(n) else {
            weights = []
            factor = []
            return
        }
        defer {
            gsl_matrix_free(matrix)
            gsl_vector_free(target)
            gsl_vector_free(solution)
        }
        for row in 0..<n {
            for column in 0..<n { gsl_matrix_set(matrix, row, column, covariance[known[row] * all + known[column]] + (row == column ? Self.noise : 0)) }
            gsl_vector_set(target, row, (logs[row] - mean) / scale)
        }
        // Positive definite by its diagonal, so that this cannot fail.
        gsl_linalg_cholesky_decomp1(matrix)
        gsl_linalg_cholesky_solve(matrix, target, solution)
        weights = (0..<n).map { gsl_vector_get(solution, $0) }
        factor = (0..<n * n).map { gsl_matrix_get(matrix, $0 / n, $0 % n) }
    }

    /// The expected logarithm of the figure.
    ///
    /// - Parameter covariances: of the place with every evaluated one.
    func expectation(_ covariances: [Double]) -> Double {
        var sum = 0.0
        for (index, weight) in zip(known, weights) { sum += covariances[index] * weight }
        return mean + scale * sum
    }

    /// Its standard deviation.
    ///
    /// - Parameter own: covariance of the place with itself.
    func deviation(_ covariances: [Double], own: Double) -> Double {
        let n = known.count
        var solved = [Double](repeating: 0, count: n), explained = 0.0
        for row in 0..<n {
            var sum = covariances[known[row]]
            for column in 0..<row { sum -= factor[row * n + column] * solved[column] }
            solved[row] = sum / factor[row * n + row]
            explained += solved[row] * solved[row]
        }
        return scale * max(0, own - explained).squareRoot()
    }
}
