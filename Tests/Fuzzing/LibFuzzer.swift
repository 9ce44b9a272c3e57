import Orrery

/// The entry that libFuzzer calls: the first byte chooses the kind of file, the rest is the file.
///
///     swift build --product DecoderFuzzer -Xswiftc -sanitize=fuzzer -Xswiftc -DLIBFUZZER --scratch-path .build/libfuzzer
///     .build/libfuzzer/debug/DecoderFuzzer -timeout=20 corpus
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let kind = FileKind.allCases[Int(bytes[0]) % FileKind.allCases.count]
    do { _ = try sharedTrial.run(kind, Array(bytes.dropFirst())) } catch { fatalError("\(error)") }
    return 0
}

private nonisolated(unsafe) var sharedTrial: Trial = {
    // Without its partners nothing would be tried: say so rather than pass.
    do { return try Trial(try Library()) } catch { fatalError("\(error)") }
}()
