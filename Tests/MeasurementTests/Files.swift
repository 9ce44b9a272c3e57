import CostModels
import Documents
import Foundation
import Hardware
@testable import Measurement

/// A file that is there as long as this value is.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8], ending: String = ".csv") throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)\(ending)").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    convenience init(_ text: String) throws { try self.init(Array(text.utf8)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A gzip file (RFC 1952) whose deflate blocks are stored, not compressed (RFC 1951, section 3.2.4).
func gzipped(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    var packed: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
        let block = rest.prefix(65535)
        rest = rest.dropFirst(65535)
        packed.append(rest.isEmpty ? 1 : 0)
        packed += littleEndian(UInt32(block.count)).prefix(2) + littleEndian(~UInt32(block.count)).prefix(2)
        packed += block
    } while !rest.isEmpty
    return packed + littleEndian(checksum(bytes)) + littleEndian(UInt32(bytes.count))
}

private func littleEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
}

let gemmHeader = "op,device,framework,version,kernel_source,dtype,m,n,k,latency_ms"

func gemmRow(_ device: String = "h100_sxm", dtype: String = "bfloat16", m: String = "4096", n: String = "4096", k: String = "4096", ms: String = "0.2") -> String {
    "gemm,\(device),SGLang,0.5.10,sglang,\(dtype),\(m),\(n),\(k),\(ms)"
}

func rows(of text: String) throws -> (rows: [MeasuredRow], file: MeasuredFile) {
    let written = try TemporaryFile(text)
    var file = try MeasuredFile(written.path), rows: [MeasuredRow] = []
    while let row = file.next() { rows.append(row) }
    return (rows, file)
}

func row(_ text: String, under header: String = gemmHeader) throws -> MeasuredRow {
    guard let row = try rows(of: header + "\n" + text + "\n").rows.first else { throw RowError("no row") }
    return row
}

func predictor(_ costs: any CostModel = Cycle()) throws -> Predictor { Predictor(try Library(), costs: costs) }

/// What is wrong with a file or an option, in words.
func message(_ work: () throws -> Void) -> String {
    do {
        try work()
        return "no error"
    } catch { return "\(error)" }
}
