import ReferenceKernels
import Testing

/// The unit roundoff of fp32: one operation is off by at most this part of its result.
let unit = 0x1p-24

func randoms(_ count: Int, _ seed: UInt64, amplitude: Float = 1) throws -> FloatBuffer {
    try FloatBuffer.random(count, seed: seed, amplitude: amplitude)
}

/// The first place where `got` and `expected` are further apart than `tolerance(place)` allows, in words.
func difference(_ got: [Float], _ expected: [Double], within tolerance: (Int) -> Double) -> String? {
    guard got.count == expected.count else { return "\(got.count) values instead of \(expected.count)" }
    for i in got.indices where !((Double(got[i]) - expected[i]).magnitude <= tolerance(i)) {
        return "at \(i): \(got[i]) instead of \(expected[i]), allowed \(tolerance(i))"
    }
    return nil
}

/// All of a buffer, or its first elements.
func values(_ buffer: FloatBuffer, _ count: Int? = nil) -> [Float] { Array(buffer.elements.prefix(count ?? buffer.count)) }

/// Runs `body` with every instruction set of this processor and with one and three threads.
func everyWay(_ body: (String) throws -> Void) throws {
    let threads = Kernels.threads, set = Kernels.instructionSet
    defer {
        Kernels.threads = threads
        Kernels.select(instructionSet: set)
    }
    for name in Kernels.instructionSets {
        Kernels.select(instructionSet: name)
        for count in [1, 3] {
            Kernels.threads = count
            try body("\(name), \(count) threads")
        }
    }
}
