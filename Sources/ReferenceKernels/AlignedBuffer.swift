import ReferenceKernelsC

/// Memory that kernels work on: aligned to a page, in huge pages where it is large and the system grants them, freed
/// with its last owner.
///
/// One thread at a time may write to it.
public final class AlignedBuffer<Element: BitwiseCopyable> {
    public let pointer: UnsafeMutablePointer<Element>
    public let count: Int
    /// Whose memory it is a window into; nil when it is its own.
    private let owner: AnyObject?

    /// - Throws: `KernelError` when the system has no memory left.
    public init(count: Int, zeroed: Bool = true, hugePages: Bool = true) throws(KernelError) {
        let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflow, count >= 0, let memory = rk_allocate(bytes, hugePages ? 1 : 0) else {
            throw KernelError.noMemory(overflow ? .max : bytes)
        }
        if zeroed { rk_zero(memory, bytes) }
        pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
        owner = nil
    }

    /// A window into memory that `owner` holds.
    init(window: UnsafeMutablePointer<Element>, count: Int, owner: AnyObject) {
        pointer = window
        self.count = count
        self.owner = owner
    }

    public convenience init(_ elements: some Collection<Element>) throws(KernelError) {
        try self.init(count: elements.count, zeroed: false)
        for (i, element) in elements.enumerated() { pointer[i] = element }
    }

    deinit { if owner == nil { rk_free(pointer) } }

    public var elements: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "index \(index) outside a buffer of \(count)")
            return pointer[index]
        }
        set {
            precondition(index >= 0 && index < count, "index \(index) outside a buffer of \(count)")
            pointer[index] = newValue
        }
    }
}

public typealias FloatBuffer = AlignedBuffer<Float>
public typealias IndexBuffer = AlignedBuffer<Int32>

extension AlignedBuffer where Element == Float {
    /// Uniform numbers in [-amplitude, amplitude), the same for a seed on every machine.
    public static func random(_ count: Int, seed: UInt64, amplitude: Float = 1) throws(KernelError) -> FloatBuffer {
        let buffer = try FloatBuffer(count: count, zeroed: false)
        rk_fill_random(buffer.pointer, count, UInt(truncatingIfNeeded: seed), 0, amplitude)
        return buffer
    }
}
