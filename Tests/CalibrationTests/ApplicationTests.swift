@testable import Calibration
import CostModels
import Documents
import Hardware
import Operators
import Quantities
import Testing

@Suite("Applying calibrations")
struct ApplicationTests {
    private let runtime = Runtime(id: "test", name: "test", launch: .graph)

    private func calibration(_ values: [KernelCalibration.Parameter: Double], _ key: KernelKey = KernelKey(.gemm, format: "bf16 × bf16"), kernel: String = "k", rows: Int = 100) -> KernelCalibration {
        let score = KernelCalibration.Score(rows: rows, medianAPE: 0.1, mape: 0.2)
        return KernelCalibration(key: key, kernel: kernel, fitted: values.mapValues { .init(value: $0, error: $0 / 10) }, rows: rows, training: score, validation: score)
    }

    private func file(_ kernels: KernelCalibration...) -> Calibration {
        Calibration(device: "h100-sxm", runtime: "vllm", version: "0.1.0", date: "2026-01-31", sources: [.init(file: "rows.csv", rows: 100)], kernels: kernels)
    }

    @Test("Each constant is kept in a place of its own")
    func places() {
        for one in KernelCalibration.Parameter.allCases {
            let constants = KernelConstants { $0 == one ? 7 : 0 }
            for other in KernelCalibration.Parameter.allCases { #expect(constants[other] == (other == one ? 7 : 0), "\(one), \(other)") }
        }
    }

    @Test("An overhead of 5 µs makes a product 5 µs longer and no other device's")
    func overhead() throws {
        let device = try Synthetic.device(), other = try Library(Synthetic.folder).device("a100-sxm-80gb"), product = Synthetic.product(4096, 4096, 4096)
        let costs = Cycle(calibration: file(calibration([.overhead: 5e-6])))
        func added(_ device: Device) -> Double {
            (costs.demand(of: product, on: device, under: runtime).duration - Cycle().demand(of: product, on: device, under: runtime).duration).value
        }
        #expect(abs(added(device) - 5e-6) < 1e-12)
        #expect(added(other) == 0)
    }

    @Test("No calibration makes an operator faster than the physical bound", arguments: [1, 64, 8192])
    func bound(m: Int) throws {
        let device = try Synthetic.device(), product = Synthetic.product(m, 4096, 4096)
        let costs = Cycle(calibration: file(calibration([.latency: 0, .cache: 0])))
        let bound = Roofline().demand(of: product, on: device, under: runtime).duration
        #expect(costs.demand(of: product, on: device, under: runtime).duration.value >= bound.value * (1 - 1e-12))
    }

    @Test("Half the memory efficiency doubles the time of a product that waits for the memory")
    func memory() throws {
        let device = try Synthetic.device(), product = Synthetic.product(1, 16384, 16384)
        let plain = Cycle().demand(of: product, on: device, under: runtime)
        let half = Cycle(calibration: file(calibration([.memoryEfficiency: 0.5]))).demand(of: product, on: device, under: runtime)
        #expect(abs(half.memoryTime.value / plain.memoryTime.value - 2) < 1e-9)
    }

    @Test("A link at its ramp size reaches half its rate")
    func ramp() throws {
        let collective = Collective(.allReduce, participants: 8, bytes: Bytes(1e6), format: .bf16), device = try Synthetic.device()
        let plain = Cycle().demand(of: .collective(collective), on: device, under: runtime)
        let key = KernelKey(.collective, format: "all-reduce")
        let ramped = Cycle(calibration: file(calibration([.rampBytes: plain.linkBytes.value], key))).demand(of: .collective(collective), on: device, under: runtime)
        #expect(abs(ramped.linkTime.value / plain.linkTime.value - 2) < 1e-9)
    }

    @Test("A short all-reduce goes in one shot, in which every member reads the others' whole buffers, a long one in the usual way")
    func oneShot() throws {
        let device = try Synthetic.device(), key = KernelKey(.collective, format: "all-reduce")
        let costs = Cycle(calibration: file(calibration([.overhead: 20e-6, .perPeer: 1e-6, .oneShotOverhead: 3e-6, .oneShotEfficiency: 0.5], key)))
        func both(_ bytes: Double, _ members: Int) -> (plain: Demand, own: Demand) {
            let collective = Operator.collective(Collective(.allReduce, participants: members, bytes: Bytes(bytes), format: .bf16))
            return (Cycle().demand(of: collective, on: device, under: runtime), costs.demand(of: collective, on: device, under: runtime))
        }
        for members in [2, 8] {
            let short = both(4096, members), peers = Double(members - 1)
            #expect(abs(short.own.latency.value - (3e-6 + peers * 1e-6)) < 1e-12)
            // At the rate of the link: bytes of the usual way ÷ their time.
            let rate = short.plain.linkBytes.value / short.plain.linkTime.value
            #expect(abs(short.own.linkTime.value - peers * 4096 / rate / 0.5) < 1e-15)
        }
        let long = both(1e9, 8)
        #expect(long.own.linkTime == long.plain.linkTime && long.own.latency.value >= 27e-6)
    }

    @Test("A new calibration keeps the kernels of families, the passes and the sources that it says nothing of")
    func keeping() {
        let product = KernelKey(.gemm, format: "bf16 × bf16"), exchange = KernelKey(.collective, format: "all-reduce")
        var older = file(calibration([.overhead: 1e-6], product), calibration([.overhead: 2e-6], exchange))
        older.sources = [.init(file: "a.csv", rows: 1), .init(file: "b.csv", rows: 2)]
        var newer = file(calibration([.overhead: 3e-6], exchange))
        newer.sources = [.init(file: "b.csv", rows: 5)]
        let whole = newer.keeping(older)
        #expect(whole.kernels.map(\.key) == [exchange, product] && whole.kernels.map { $0.constants[.overhead] } == [3e-6, 1e-6])
        #expect(whole.sources == [.init(file: "a.csv", rows: 1), .init(file: "b.csv", rows: 5)])
    }

    @Test("Twice the units copy in half the time, and only rows that name such a kernel are predicted by it")
    func units() throws {
        let device = try Synthetic.device(), format = TensorFormat.bf16
        let kernel = calibration([.perUnitMessage: 1e-6, .perUnitByte: 1e-10], KernelKey(.expertExchange, format: format.description), kernel: "counted")
        func added(_ units: Int, named: Bool = true) -> Double {
            var exchange = Collective(.allToAll, participants: 8, bytes: Bytes(1e8), format: format, messages: 4096), whole = file(kernel)
            exchange.units = units
            whole.kernel = named ? "counted" : ""
            let plain = Cycle().demand(of: .collective(exchange), on: device, under: runtime)
            return (Cycle(calibration: whole).demand(of: .collective(exchange), on: device, under: runtime).latency - plain.latency).value
        }
        #expect(added(4) > 4096e-6 / 4 && abs(added(4) / added(8) - 2) < 1e-9)
        #expect(added(4, named: false) == 0)
    }

    @Test("Of two kernels the one with more rows is taken, unless the other is named; one behind a host's launches only when named")
    func choice() throws {
        var costs = file(calibration([.overhead: 1e-6], kernel: "rare", rows: 10), calibration([.overhead: 2e-6], kernel: "common", rows: 90),
                         calibration([.overhead: 3e-6, .hostFloor: 1e-4], kernel: "eager", rows: 900))
        let product = Synthetic.product(16, 16, 16)
        #expect(costs.kernel(for: product)?.kernel == "common")
        for name in ["rare", "eager"] {
            costs.kernel = name
            #expect(costs.kernel(for: product)?.kernel == name)
        }
    }

    @Test("What was written is read again as it was")
    func roundTrip() throws {
        let first = file(calibration([.overhead: 6.7e-6, .memoryEfficiency: 0.7125, .perInput: 4.25e-13, .latency: 1.5]),
                         calibration([.linkEfficiency: 0.5, .rampBytes: 2_570_222], KernelKey(.collective, format: "all-reduce"), kernel: ""))
        let text = first.json.text()
        let second = try Calibration(reading: try Document(file: "c.json", text: text.utf8))
        #expect(second.json.text() == text)
        #expect(second.kernels.map(\.key) == first.kernels.map(\.key))
        #expect(second.kernels.first?.fitted[.perInput]?.value == 4.25e-13)
    }

    @Test("A file with an impossible value is refused in one sentence that names the place", arguments: [
        ("\"value\": 0.7,", "\"value\": 1.2,", "kernels[0].parameters.memoryEfficiency.value: 1.2 is out of range"),
        ("\"memoryEfficiency\"", "\"memoryEficiency\"", "did you mean \"memoryEfficiency\"?"),
        ("\"rows\": 100", "\"rows\": 0", "rows: 0 is out of range"),
        ("\"gemm\"", "\"gem\"", "did you mean \"gemm\"?"),
    ])
    func refusals(_ change: (from: String, to: String, message: String)) throws {
        let text = file(calibration([.memoryEfficiency: 0.7])).json.text()
        let broken = try #require(text.firstRange(of: change.from)).lowerBound
        let changed = text[..<broken] + change.to + text[broken...].dropFirst(change.from.count)
        let error = #expect(throws: DocumentError.self) { try Calibration(reading: try Document(file: "c.json", text: changed.utf8)) }
        #expect(error?.description.contains(change.message) == true, "\(error?.description ?? "")")
    }
}
