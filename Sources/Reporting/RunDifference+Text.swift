import CostModels
import Documents
import Quantities
import Simulation

extension RunDifference {
    /// As a person reads it.
    public func text(style: Style = .plain) -> String {
        var page = Page(title: "A against B", "", style: style)
        for (side, report) in [("A", first), ("B", second)] {
            let basis = report.basis
            page.paragraph("\(side)  \(basis.job) on \(basis.system), runtime \(basis.runtime), cost model \(basis.costModel)")
        }
        page.heading("Answers")
        page.table(answers)
        guard bothRan else {
            for (side, report) in [("A", first), ("B", second)] where !report.fits { page.paragraph("\(side) does not fit, so there is no time to compare.") }
            return page.text
        }
        if !explanation.isEmpty {
            page.heading("In short")
            page.paragraph(explanation)
        }
        page.heading("By operator", "critical path; the differences add up to that of the whole job")
        page.table(table(operators, limit: 14, column: "operator"))
        page.heading("By what bounds it")
        page.table(table(bounds, limit: 12, column: "bound by"))
        if !exchanges.isEmpty {
            page.heading("B with something of A", "simulated again, one at a time")
            var table = TextTable([.left("with A's"), .right("A"), .right("B"), .right("B would take"), .right("of the gap")])
            for exchange in exchanges {
                table.add([exchange.what, exchange.first, exchange.second, exchange.latency.short, closed(by: exchange)])
            }
            page.table(table)
        }
        return page.text
    }

    func closed(by exchange: Exchange) -> String {
        guard let own = second.timing?.latency, abs(gap.value) > 0 else { return "" }
        return percent((own - exchange.latency) / gap)
    }

    private var answers: TextTable {
        var table = TextTable([.left(""), .right("A"), .right("B"), .right("B ÷ A")])
        for (name, a, b, measure) in figures {
            table.add([name, a.map { measure.text($0).withPlainSpaces } ?? "–", b.map { measure.text($0).withPlainSpaces } ?? "–", ratio(a, b)])
        }
        return table
    }

    /// The figures that both sides have names for.
    var figures: [(name: String, first: Double?, second: Double?, measure: Measure)] {
        let (a, b) = (first.timing, second.timing), (flops, bytes) = work
        let all: [(String, Double?, Double?, Measure)] = [
            ("time to first token", a?.ttft?.value, b?.ttft?.value, .time), ("time per output token", a?.tpot?.value, b?.tpot?.value, .time),
            ("whole job", a?.latency.value, b?.latency.value, .time), ("physical bound", a?.bound.value, b?.bound.value, .time),
            ("energy", first.energy?.total.value, second.energy?.total.value, .energy), ("average power", first.energy?.averagePower.value, second.energy?.averagePower.value, .power),
            ("memory of \(first.memory.first?.group ?? "a device")", first.memory.first?.peak.value, second.memory.first?.peak.value, .bytes),
            ("operations", bothRan ? flops.0 : nil, bothRan ? flops.1 : nil, .work), ("bytes to move", bothRan ? bytes.0 : nil, bothRan ? bytes.1 : nil, .bytes),
        ]
        return all.filter { $0.1 != nil || $0.2 != nil }.map { ($0.0, $0.1, $0.2, $0.3) }
    }

    func ratio(_ a: Double?, _ b: Double?) -> String {
        guard let a, let b, a > 0 else { return "" }
        return significant(b / a, digits: 3)
    }

    private func table(_ rows: [Row], limit: Int, column: String) -> TextTable {
        let named = column == "operator"
        var table = TextTable([.left(column, shrinks: true), .right("A"), .right("B"), .right("B − A"), .right("of the gap"), .left("bound by")])
        let shown = rows.count == limit + 1 ? rows.count : min(limit, rows.count)
        for row in rows.prefix(shown) {
            table.add([row.name, cell(row.first), cell(row.second), row.difference.short, share(row), named ? boundText(row) : ""])
        }
        let rest = rows.dropFirst(shown)
        if !rest.isEmpty {
            let sum = Row(name: "\(rest.count) others", first: rest.reduce(.zero) { $0 + $1.first }, second: rest.reduce(.zero) { $0 + $1.second })
            table.add([sum.name, cell(sum.first), cell(sum.second), sum.difference.short, share(sum), ""])
        }
        return table
    }

    private func cell(_ time: Seconds) -> String { time > .zero ? time.short : "–" }
    func share(_ row: Row) -> String { abs(gap.value) > 0 ? percent(row.difference / gap) : "" }

    func boundText(_ row: Row) -> String {
        switch (row.firstBound, row.secondBound) {
        case (let a?, let b?): a == b ? a.rawValue : "\(a.rawValue) → \(b.rawValue)"
        case (let a?, nil): "\(a.rawValue), only A"
        case (nil, let b?): "\(b.rawValue), only B"
        case (nil, nil): ""
        }
    }

    /// The same as one object, figures in base units.
    public var json: JSON {
        func side(_ report: Report) -> JSON {
            ["job": JSON(report.basis.job), "system": JSON(report.basis.system), "runtime": JSON(report.basis.runtime), "costModel": JSON(report.basis.costModel),
             "fits": .bool(report.fits), "latencySeconds": JSON(report.timing?.latency), "ttftSeconds": JSON(report.timing?.ttft), "tpotSeconds": JSON(report.timing?.tpot),
             "bound": JSON(report.timing?.bound), "energyJoules": JSON(report.energy?.total)]
        }
        func rows(_ rows: [Row]) -> JSON {
            .array(rows.map { row in
                ["name": JSON(row.name), "aSeconds": JSON(row.first), "bSeconds": JSON(row.second), "differenceSeconds": JSON(row.difference),
                 "aBoundBy": JSON(row.firstBound?.rawValue), "bBoundBy": JSON(row.secondBound?.rawValue)]
            })
        }
        return ["a": side(first), "b": side(second), "differenceSeconds": bothRan ? JSON(gap) : nil, "explanation": JSON(explanation),
                "operators": rows(operators), "bounds": rows(bounds),
                "exchanges": .array(exchanges.map {
                    ["what": JSON($0.what), "a": JSON($0.first), "b": JSON($0.second), "latencySeconds": JSON($0.latency)]
                })]
    }
}

private extension String {
    /// Without the space that keeps a figure and its unit on one line of a page.
    var withPlainSpaces: String { String(map { $0 == "\u{A0}" ? " " : $0 }) }
}
