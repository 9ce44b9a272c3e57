#if !LIBFUZZER
import Fuzzing
import Orrery
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Feeds mutated files to every reader, and what reads to the simulation.
///
///     swift run -c release DecoderFuzzer --seconds 60 --seed 1
///     swift run -c release DecoderFuzzer --replay device failing.json
///
/// Each input is written to a file before it is tried, so that after a crash or a hang the file is there to look at.
@main
struct DecoderFuzzer {
    private var seconds = 60.0
    private var seed: UInt64 = 1
    private var only: FileKind?
    private var configurations = "Tests/WorkloadsTests/Fixtures/huggingface"
    /// More than any sound small job takes.
    private static let slowest: UInt32 = 20
    private static let memory: UInt = 6 << 30

    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        var fuzzer = DecoderFuzzer()
        while let option = arguments.popFirst() {
            switch (option, arguments.popFirst()) {
            case ("--seconds", let value?): fuzzer.seconds = Double(value) ?? fuzzer.seconds
            case ("--seed", let value?): fuzzer.seed = UInt64(value) ?? fuzzer.seed
            case ("--kind", let value?): fuzzer.only = FileKind(rawValue: value)
            case ("--configurations", let value?): fuzzer.configurations = value
            case ("--replay", let value?):
                guard let kind = FileKind(rawValue: value), let path = arguments.popFirst() else { return usage() }
                var trial = try Trial(try Library())
                print(try trial.run(kind, try Document.bytes(of: path)).rawValue)
                return
            default: return usage()
            }
        }
        try fuzzer.run()
    }

    private static func usage() {
        print("usage: DecoderFuzzer [--seconds 60] [--seed 1] [--kind device|system|…] [--configurations FOLDER] | --replay KIND FILE")
    }

    private func run() throws {
        let library = try Library()
        var trial = try Trial(library)
        let seeds = try Seeds(of: library, configurations: configurations)
        let kinds = seeds.kinds.filter { only == nil || $0 == only }
        var random = SplitMix(seed: seed)
        var counts: [FileKind: [Outcome: Int]] = [:]
        let input = "/tmp/orrery-fuzz-\(seed)"
        Watch.over(input, memory: Self.memory)
        let end = now() + seconds
        var tried = 0, failures = 0, slowest = (seconds: 0.0, kind: kinds[0])
        while now() < end {
            let kind = kinds[tried % kinds.count]
            tried += 1
            let bytes = seeds.mutated(kind, using: &random)
            let path = "\(input)-\(kind.rawValue).json"
            try write(bytes, to: path)
            Watch.begin(path, seconds: Self.slowest)
            let start = now()
            do {
                counts[kind, default: [:]][try trial.run(kind, bytes), default: 0] += 1
            } catch {
                failures += 1
                let kept = "\(input)-failure-\(failures)-\(kind.rawValue).json"
                try write(bytes, to: kept)
                print("\(kept): \(error)")
            }
            if now() - start > slowest.seconds {
                slowest = (now() - start, kind)
                try write(bytes, to: "\(input)-slowest.json")
            }
        }
        print("\(tried) inputs of seed \(seed)")
        for kind in kinds {
            let row = Outcome.allCases.map { "\(counts[kind]?[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
            print("  \(kind.rawValue): \(row)")
        }
        print("  slowest \(slowest.seconds) s (\(slowest.kind.rawValue)), \(failures) failures")
        exit(failures == 0 ? 0 : 1)
    }

    private func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "wb") else { throw OutputError(path: path, message: "cannot be written") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}

/// Says which input was being tried when the program is killed: by a trap, a limit of memory, or the alarm.
private enum Watch {
    nonisolated(unsafe) static var message: UnsafeMutablePointer<CChar>?

    static func over(_ input: String, memory: UInt) {
        var limit = rlimit(rlim_cur: rlim_t(memory), rlim_max: rlim_t(memory))
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGALRM] {
            signal(number) { number in
                let what = number == SIGALRM ? "too slow: " : "crashed: "
                _ = Glibc.write(STDERR_FILENO, what, what.utf8.count)
                if let message = Watch.message {
                    _ = Glibc.write(STDERR_FILENO, message, strlen(message))
                    _ = Glibc.write(STDERR_FILENO, "\n", 1)
                }
                _exit(70)
            }
        }
    }

    static func begin(_ path: String, seconds: UInt32) {
        free(message)
        message = strdup(path)
        alarm(seconds)
    }
}
#else
import Fuzzing

/// libFuzzer's own loop instead (`LibFuzzer.swift` says how to build it), under the name that the linker is told to start at.
@_cdecl("DecoderFuzzer_main")
public func runLibFuzzer(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var count = count, arguments = arguments
    return runDriver(&count, &arguments) { fuzzOneInput($0, $1) }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
                       _ tryOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt) -> CInt
#endif
