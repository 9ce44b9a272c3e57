/// Why a kernel, a decoder or a probe cannot run, in words for the person who asked for it.
public struct KernelError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }

    static func noMemory(_ bytes: Int) -> KernelError {
        KernelError("no memory for \(bytes / (1 << 20)) MiB; choose a smaller shape")
    }
}
