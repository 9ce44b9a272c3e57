import CostModels
import Documents
import Foundation
#if canImport(FoundationXML)
import FoundationXML
#endif
import Testing
@testable import Measurement

@Suite struct ComparisonTests {
    private let table = [gemmHeader, gemmRow(), gemmRow(dtype: "fp8"), gemmRow("b200_sxm"), gemmRow("no_such_gpu"), gemmRow(ms: "0"), "broken"].joined(separator: "\n")

    @Test("Every given row is predicted or has a reason, and groups add up to the whole")
    func coverage() throws {
        let file = try TemporaryFile(table)
        var predictor = try predictor(), visited = 0
        let comparison = try Comparison(of: [file.path], with: &predictor, by: ["device", "precision"]) { _, _, _ in visited += 1 }
        #expect(visited == 5)
        #expect(comparison.total.given == 5)
        #expect(comparison.total.predicted == 3)
        #expect(comparison.malformed == 1)
        #expect(comparison.reasons.values.reduce(0, +) == 2)
        #expect(comparison.reasons["device \"no_such_gpu\" is not in the library"] == 1)
        #expect(comparison.groups.map(\.keys) == [["b200_sxm", "bfloat16"], ["h100_sxm", "bfloat16"], ["h100_sxm", "fp8"], ["no_such_gpu", "bfloat16"]])
        #expect(comparison.groups.reduce(0) { $0 + $1.errors.given } == 5)
    }

    @Test("A memo keeps no more than it may, and gives what was put in under the same key or nothing")
    func memo() {
        var memo = PredictionMemo()
        func answer(_ number: Int) -> PredictionMemo.Answer { .init(outcome: .failure(RowError("\(number)"))) }
        for number in 0..<(2 * PredictionMemo.capacity) { memo["\(number)"] = answer(number) }
        let kept = (0..<(2 * PredictionMemo.capacity)).filter { number in
            guard case .failure(let error)? = memo["\(number)"]?.outcome else { return false }
            #expect(error.description == "\(number)")
            return true
        }
        #expect(kept.count == PredictionMemo.capacity)
        #expect(kept.contains { $0 < PredictionMemo.capacity })
    }

    @Test("No prediction of a kernel is faster than its physical bound", arguments: ["bfloat16", "fp8", "fp8_block", "nvfp4", "int8_wo", "int4_wo", "sq"])
    func bound(_ dtype: String) throws {
        var predictor = try predictor()
        for device in ["a100_sxm", "h100_sxm", "b200_sxm", "gb200", "rtx_pro_6000_server", "b60"] {
            for (m, n, k) in [(1, 64, 64), (16, 4096, 14336), (8192, 8192, 8192)] {
                let prediction = try predictor.predict(row(gemmRow(device, dtype: dtype, m: "\(m)", n: "\(n)", k: "\(k)", ms: "100")))
                #expect(prediction.value >= (prediction.bound ?? .infinity) * (1 - 1e-9))
            }
        }
    }

    @Test("A power cap behind the label slows a large product down")
    func cap() throws {
        var predictor = try predictor()
        func predict(_ device: String) throws -> Double { try predictor.predict(row(gemmRow(device, m: "16384", n: "16384", k: "16384", ms: "100"))).value }
        #expect(try predict("H100-SXM-80GB@350Wcap") > predict("H100-SXM-80GB") * 1.1)
        #expect(throws: RowError.self) { try predict("H100-SXM-80GB@9000Wcap") }
        #expect(throws: RowError.self) { try predict("../../etc/passwd") }
    }

    @Test("A sample is as large as asked, the same for the same seed, and in the order of the file")
    func sampling() throws {
        let file = try TemporaryFile(([gemmHeader] + (1...200).map { gemmRow(m: "\($0)") }).joined(separator: "\n"))
        func indices(_ seed: UInt64) throws -> [Int] {
            var predictor = try predictor(Roofline()), indices: [Int] = []
            _ = try Comparison(of: [file.path], with: &predictor, limit: 20, seed: seed) { _, row, _ in indices.append(row.index) }
            return indices
        }
        let first = try indices(5)
        #expect(first.count == 20)
        #expect(first == first.sorted())
        #expect(try indices(5) == first)
        #expect(try indices(6) != first)
    }

    @Test("A column that no file has is refused with the nearest one")
    func columns() throws {
        let file = try TemporaryFile(table)
        var predictor = try predictor()
        #expect(message { _ = try Comparison(of: [file.path], with: &predictor, by: ["devise"]) }.contains("did you mean \"device\"?"))
    }

    @Test("The JSON has the keys that were agreed on, and errors as fractions")
    func json() throws {
        let file = try TemporaryFile(table)
        var predictor = try predictor()
        let comparison = try Comparison(of: [file.path], with: &predictor, by: ["phase"])
        let json = try Document(file: "json", text: comparison.json.text().utf8).json
        guard case .array(let groups)? = json["groups"], let group = groups.first else { return #expect(Bool(false), "no groups") }
        #expect(group["keys"]?["phase"] == .string("gemm"))
        #expect(group["given"] == .number("5"))
        #expect(group["predicted"] == .number("3"))
        for key in ["mape", "medianApe", "p90Ape", "bias"] {
            guard case .number(let text)? = group[key], let value = Double(text) else { return #expect(Bool(false), "\(key) is no number") }
            #expect(abs(value) < 10)
        }
    }

    @Test("The rows file has one line for every given row, with the reason where there is no prediction")
    func rowsFile() throws {
        let file = try TemporaryFile(table), target = try TemporaryFile("")
        var predictor = try predictor()
        let written = try RowsFile(target.path)
        _ = try Comparison(of: [file.path], with: &predictor) { try written.add($1, of: $0, $2) }
        try written.close()
        let lines = try String(contentsOfFile: target.path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 6)
        #expect(lines[0] == "file,index,id,device,phase,metric,measured,predicted,unit,bound,bound_by,low50,high50,low90,high90,basis,reason")
        #expect(lines[4].contains("\"device \"\"no_such_gpu\"\" is not in the library\""))
    }

    @Test("A sample for a picture is in seconds, keeps rows of other quantities out, and puts what comes after six series into one")
    func sample() throws {
        var sample = ComparisonSample(by: "device")
        for device in (1...9).map({ "device-\($0)" }) {
            sample.add(try row(gemmRow(device, ms: "2")), .success(Prediction(value: 3, bound: nil, boundBy: .memory, basis: "")))
        }
        #expect(sample.predicted == 9 && sample.left == 0)
        #expect(sample.series.count == 7 && sample.series.last == "others")
        #expect(sample.points.allSatisfy { abs($0.measured - 2e-3) < 1e-15 && abs($0.predicted - 3e-3) < 1e-15 })
        #expect(sample.points.filter { $0.series == 6 }.count == 3)
    }
}
