#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

func log2(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.log2(x)
    #else
    Darwin.log2(x)
    #endif
}

func exp2(_ x: Double) -> Double {
    #if canImport(Glibc)
    Glibc.exp2(x)
    #else
    Darwin.exp2(x)
    #endif
}

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
