import Documents
import Testing
@testable import Measurement

@Suite struct ReadingTests {
    @Test("A field in quotes keeps its commas and its doubled quotes")
    func quotes() {
        func split(_ text: String) -> [String]? {
            var bytes = Array(text.utf8)
            guard case .fields(let fields) = bytes.withUnsafeMutableBufferPointer({ CSVReader.split(UnsafeBufferPointer($0)) }) else { return nil }
            return fields
        }
        #expect(split("a,\"b,\"\"c\"\"\",d") == ["a", "b,\"c\"", "d"])
        #expect(split(",,") == ["", "", ""])
        #expect(split("\"\"") == [""])
        #expect(split("\"open") == nil)
        #expect(split("\"a\"b,c") == nil)
    }

    @Test("The same rows come out of plain and gzipped files, with line feeds or carriage returns and with a byte order mark")
    func spellings() throws {
        let lines = [gemmHeader] + (0..<5000).map { gemmRow(ms: "0.\($0 + 1)") }
        let plain = lines.joined(separator: "\n") + "\n"
        for bytes in [Array(plain.utf8), gzipped(plain), gzipped(lines.joined(separator: "\r\n")), Array(("\u{FEFF}" + plain).utf8)] {
            let written = try TemporaryFile(bytes)
            var file = try MeasuredFile(written.path), count = 0, last = 0.0
            while let row = file.next() { (count, last) = (count + 1, row.value) }
            #expect(count == 5000)
            #expect(last == 0.5)
            #expect(file.malformed == 0)
            #expect(file.damage == nil)
        }
    }

    @Test("Rows that cannot be read are counted with their line, and the others are kept")
    func malformedRows() throws {
        let text = [gemmHeader, gemmRow(), "gemm,h100_sxm,short", "\"open,1", gemmRow(ms: "nan"), gemmRow(ms: "fast"), "", gemmRow()].joined(separator: "\n")
        let (rows, file) = try rows(of: text)
        #expect(rows.count == 2)
        #expect(rows.map(\.index) == [1, 6])
        #expect(file.rows == 6)
        #expect(file.malformed == 4)
        #expect(file.complaints.count == 4)
        #expect(file.complaints[0].hasSuffix("line 3: has 3 fields, the header 10"))
        #expect(file.complaints[1].contains("a quote that is not closed"))
    }

    @Test("A gzipped file cut in the middle gives its whole rows and says that it ends early")
    func truncated() throws {
        let text = ([gemmHeader] + (0..<3000).map { _ in gemmRow() }).joined(separator: "\n") + "\n"
        let packed = gzipped(text)
        let written = try TemporaryFile(Array(packed.prefix(packed.count - 40_000)))
        var file = try MeasuredFile(written.path), count = 0
        while file.next() != nil { count += 1 }
        #expect(count > 1000 && count < 3000)
        #expect(file.damage?.contains("ends early") == true)
        // What is left of the row in which it was cut is no row.
        #expect(file.malformed <= 1)
    }

    @Test("A gzipped file with a flipped byte gives what came before and says that it is damaged")
    func corrupt() throws {
        var packed = gzipped(([gemmHeader] + (0..<3000).map { _ in gemmRow() }).joined(separator: "\n") + "\n")
        // The length of the third stored block no longer agrees with its complement.
        packed[10 + 2 * (5 + 65535) + 1] ^= 0xFF
        let written = try TemporaryFile(packed)
        var file = try MeasuredFile(written.path), count = 0
        while file.next() != nil { count += 1 }
        #expect(count > 500 && count < 3000)
        #expect(file.damage != nil)
    }

    @Test("A line of two megabytes is skipped, whatever it says, and memory does not grow with it")
    func longLine() throws {
        let text = gemmHeader + "\n" + String(repeating: "x,", count: 1 << 20) + "\n" + gemmRow() + "\n"
        let (rows, file) = try rows(of: text)
        #expect(rows.count == 1)
        #expect(file.malformed == 1)
        #expect(file.complaints.first?.contains("longer than") == true)
    }

    @Test("A file without any line is refused after a megabyte, not after all of it")
    func endlessLine() throws {
        let written = try TemporaryFile([UInt8](repeating: 0, count: 1 << 24))
        var reader = try CSVReader(written.path)
        guard case .malformed(let why) = reader.nextLine() else { Issue.record("is taken as a line"); return }
        #expect(why.contains("longer than"))
        #expect((reader.part ?? 1) < 0.2)
        // Who reads on comes to the end, and to no second line.
        #expect(reader.nextLine() == nil && reader.part == 1)
    }

    @Test("A file that is no measured file is refused with what is missing")
    func refused() throws {
        func refusal(_ text: String) throws -> String {
            let written = try TemporaryFile(text)
            return message { _ = try MeasuredFile(written.path) }
        }
        #expect(try refusal("").hasSuffix("is empty"))
        #expect(try refusal("a,b,c\n1,2,3\n").contains("is no header of measured runs"))
        #expect(try refusal("device,phase_family,metric,value\n").contains("for runs there is no column \"unit\""))
        #expect(try refusal("op,device,op,latency_ms\n").contains("\"op\" stands there twice"))
        #expect(try refusal(String(repeating: "\0", count: 5000)).contains("is no header"))
        #expect(message { _ = try MeasuredFile("/nowhere/at/all.csv") }.contains("cannot be read"))
        #expect(message { _ = try MeasuredFile("/tmp") }.contains("is a folder"))
    }

    @Test("Both formats say the same of a kernel: what it was, its metric, its unit")
    func formats() throws {
        let table = try row(gemmRow(ms: "0.25"))
        #expect((table.phase, table.metric, table.unit, table.value, table.precision) == ("gemm", "kernel_latency", "ms", 0.25, "bfloat16"))
        let run = try row("m1,A100,gemm,kernel_latency,0.25,ms,bf16,\"{\"\"m\"\":16}\"",
                          under: "row_id,device,phase_family,metric,value,unit,precision,op_params")
        #expect((run.id, run.phase, run.metric, run.unit, run.value) == ("m1", "gemm", "kernel_latency", "ms", 0.25))
        #expect(try RowReading(run).count("m") == 16)
        let exchange = try row("moe_all2all,h100_sxm,57.5", under: "op,device,latency_us")
        #expect((exchange.metric, exchange.unit) == ("a2a_latency", "us"))
    }

    @Test("An exchange of experts is one kernel for each protocol, direction and reach, whatever the number of units")
    func exchangeKernels() throws {
        func name(_ ranks: Int, _ parameters: String) throws -> String {
            try row("m1,H100,moe_all2all,a2a_latency,74.4,us,\(ranks),\"{\(parameters)}\"",
                    under: "row_id,device,phase_family,metric,value,unit,n_devices,op_params").kernelName
        }
        #expect(try name(8, #"""kind"":""low_latency"",""op"":""combine"""#) == "deepep_ll combine")
        #expect(try name(32, #"""kind"":""low_latency"",""op"":""combine"""#) == "deepep_ll combine across nodes")
        #expect(try name(8, #"""kind"":""normal"",""op"":""dispatch"",""sms"":16"#) == "deepep_ht dispatch")
        #expect(try name(8, #"""op"":""dispatch"""#) == "")
        #expect(try name(64, #"""kernel"":""NVLinkTwoSided"",""op"":""alltoall_combine_low_precision"""#) == "NVLink exchange")
        #expect(try name(64, #"""kernel"":""NVLinkTwoSided"",""op"":""alltoall_prepare"""#) == "NVLink prepare")
        #expect(try row("moe_all2all,h100_sxm,57.5,deepep_ht,combine", under: "op,device,latency_us,comm_backend,phase").kernelName == "deepep_ht combine")
    }
}
