import CGSL

/// Weighted non-linear least squares: Levenberg-Marquardt as GSL's `multifit_nlinear` does it.
struct LeastSquares {
    struct Solution {
        var parameters: [Double]
        /// Diagonal of the inverse of JᵀWJ at the solution; times the variance of a residual, the parameters' variances. Nil where
        /// the parameters cannot be told apart.
        var variances: [Double]?
        var residuals: [Double]
    }

    private static let iterations = 40
    /// Relative change of the parameters and of the sum at which it is done.
    private static let tolerance = 1e-6

    /// - Parameters:
    ///   - start: where to begin; at least one.
    ///   - weights: one for each residual.
    ///   - residuals: fills the second argument from the parameters in the first; what is not finite counts as a poor fit.
    /// - Returns: nil where no step could be taken.
    static func solve(from start: [Double], weights: [Double], residuals: @escaping (UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Void) -> Solution? {
        let n = weights.count, p = start.count
        guard p > 0, n >= p else { return nil }
        // GSL's own handler would end the program.
        let handler = gsl_set_error_handler_off()
        defer { gsl_set_error_handler(handler) }
        let problem = Problem(residuals)
        defer { withExtendedLifetime(problem) {} }
        var fdf = gsl_multifit_nlinear_fdf()
        fdf.f = { x, context, f in
            guard let x, let f, let context else { return Int32(GSL_EFAULT) }
            let problem = Unmanaged<Problem>.fromOpaque(context).takeUnretainedValue()
            problem.evaluate(at: x.pointee, into: f.pointee)
            return Int32(GSL_SUCCESS)
        }
        fdf.n = n
        fdf.p = p
        fdf.params = Unmanaged.passUnretained(problem).toOpaque()
        var settings = gsl_multifit_nlinear_default_parameters()
        guard let workspace = gsl_multifit_nlinear_alloc(gsl_trust_region_solver(), &settings, n, p),
              let x = gsl_vector_alloc(p), let w = gsl_vector_alloc(n), let covariance = gsl_matrix_alloc(p, p)
        else { return nil }
        defer {
            gsl_multifit_nlinear_free(workspace)
            gsl_vector_free(x)
            gsl_vector_free(w)
            gsl_matrix_free(covariance)
        }
        for (place, value) in start.enumerated() { gsl_vector_set(x, place, value) }
        for (place, value) in weights.enumerated() { gsl_vector_set(w, place, value) }
        // The workspace keeps the address of the problem.
        let ran = withUnsafeMutablePointer(to: &fdf) { fdf in
            guard gsl_multifit_nlinear_winit(x, w, fdf, workspace) == 0 else { return false }
            var reason: Int32 = 0
            // That no further progress is possible is the end, not a failure: the solution is where it stands.
            _ = gsl_multifit_nlinear_driver(iterations, tolerance, tolerance, tolerance, nil, nil, &reason, workspace)
            return true
        }
        guard ran else { return nil }
        guard let jacobian = gsl_multifit_nlinear_jac(workspace), let position = gsl_multifit_nlinear_position(workspace) else { return nil }
        let found = (0..<p).map { gsl_vector_get(position, $0) }
        guard found.allSatisfy(\.isFinite) else { return nil }
        var spread: [Double]?
        if gsl_multifit_nlinear_covar(jacobian, 0, covariance) == 0 {
            let diagonal = (0..<p).map { gsl_matrix_get(covariance, $0, $0) }
            // GSL leaves zeros where columns of the Jacobian depend on each other.
            if diagonal.allSatisfy({ $0.isFinite && $0 > 0 }) { spread = diagonal }
        }
        var left = [Double](repeating: 0, count: n)
        found.withUnsafeBufferPointer { x in left.withUnsafeMutableBufferPointer { residuals(x, $0) } }
        return Solution(parameters: found, variances: spread, residuals: left)
    }

    private final class Problem {
        private let residuals: (UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Void
        private var values: [Double] = []

        init(_ residuals: @escaping (UnsafeBufferPointer<Double>, UnsafeMutableBufferPointer<Double>) -> Void) { self.residuals = residuals }

        /// The result may be a column of a matrix, whose elements do not lie next to each other.
        func evaluate(at x: gsl_vector, into f: gsl_vector) {
            if values.count != f.size { values = [Double](repeating: 0, count: f.size) }
            let point = (0..<x.size).map { x.data[$0 * x.stride] }
            point.withUnsafeBufferPointer { x in values.withUnsafeMutableBufferPointer { residuals(x, $0) } }
            for place in values.indices { f.data[place * f.stride] = values[place] }
        }
    }
}
