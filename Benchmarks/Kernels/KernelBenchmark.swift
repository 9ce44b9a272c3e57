import ReferenceKernels
@main struct KernelBenchmark { static func main() {} }
