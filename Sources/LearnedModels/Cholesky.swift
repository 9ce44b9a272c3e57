import CGSL

/// The Cholesky factor of a symmetric positive definite matrix (GSL, `gsl_linalg_cholesky_decomp1`).
final class Cholesky: @unchecked Sendable {
    // Written once, in `init`.
    private let factor: UnsafeMutablePointer<gsl_matrix>
    let size: Int

    /// Nil where the matrix is not positive definite.
    init?(_ size: Int, _ entry: (Int, Int) -> Double) {
        guard size > 0, let matrix = gsl_matrix_alloc(size, size) else { return nil }
        self.size = size
        factor = matrix
        for row in 0..<size { for column in 0..<size { gsl_matrix_set(matrix, row, column, entry(row, column)) } }
        // A matrix that is not positive definite is an answer here, no reason to stop the program.
        let handler = gsl_set_error_handler_off()
        defer { gsl_set_error_handler(handler) }
        guard gsl_linalg_cholesky_decomp1(matrix) == 0 else { return nil }
    }

    deinit { gsl_matrix_free(factor) }

    /// log of the determinant.
    var logDeterminant: Double { (0..<size).reduce(0) { $0 + 2 * naturalLog(gsl_matrix_get(factor, $1, $1)) } }

    func solve(_ right: [Double]) -> [Double] {
        var result = right
        result.withUnsafeMutableBufferPointer { buffer in
            var view = gsl_vector_view_array(buffer.baseAddress, size)
            _ = gsl_linalg_cholesky_svx(factor, &view.vector)
        }
        return result
    }
}
