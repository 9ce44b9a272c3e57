#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The binary logarithm, on which equal ratios are equal steps; not a number for what is not positive.
func lg(_ x: Double) -> Double { x > 0 ? log2(x) : .nan }

/// 2 to the power of `x`.
func exp2(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.exp2(x)
    #else
    Darwin.exp2(x)
    #endif
}

func naturalLog(_ x: Double) -> Double { log(x) }

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
