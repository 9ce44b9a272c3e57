import Quantities
#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Predictions against measurements as an SVG picture: a parity plot and the error by size, both with logarithmic axes.
///
/// Times are drawn in seconds whatever unit their row has; rows of other quantities are counted and left out.
public struct ComparisonPlot {
    private struct Point {
        var measured: Double
        var predicted: Double
        var series: Int
    }

    /// More points cannot be told apart.
    private static let mostPoints = 4000
    /// Okabe and Ito, "Color universal design" (2008): told apart with any colour vision; each has a shape of its own, too.
    private static let colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]

    private let column: String
    private var points: Reservoir<Point>
    private var series: [String] = []
    private var drawn = 0
    private var left = 0

    /// - Parameter column: each of its values gets a colour and a shape; what comes after the sixth shares the last.
    public init(by column: String, seed: UInt64 = 1) {
        self.column = column
        points = Reservoir(capacity: Self.mostPoints, seed: seed)
    }

    public mutating func add(_ row: MeasuredRow, _ outcome: Result<Prediction, RowError>) {
        guard case .success(let prediction) = outcome else { return }
        guard let scale = ["s": 1.0, "ms": 1e-3, "us": 1e-6][row.unit] else {
            left += 1
            return
        }
        let name = Comparison.value(of: column, in: row)
        var place = series.firstIndex(of: name) ?? series.count
        if place == series.count {
            if series.count < Self.colours.count - 1 { series.append(name) } else if series.count < Self.colours.count { series.append("others") }
            place = min(place, series.count - 1)
        }
        drawn += 1
        points.offer(Point(measured: row.value * scale, predicted: prediction.value * scale, series: place))
    }

    // MARK: Drawing

    private static let side = 420.0, top = 74.0, left1 = 74.0, left2 = 590.0
    private static let width = 1050.0, height = 600.0

    /// The picture, complete in itself.
    public func svg(title: String) -> String {
        let points = points.kept
        let sizes = points.flatMap { [$0.measured, $0.predicted] }
        let decades = Axis(covering: sizes, ratio: false), ratios = Axis(covering: points.map { $0.predicted / $0.measured }, ratio: true)
        let measured = Axis(covering: points.map(\.measured), ratio: false)
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(fixed(Self.width, decimals: 0)) \(fixed(Self.height, decimals: 0))" \
            font-family="Helvetica, Arial, sans-serif" font-size="12" fill="#222">
            <title>\(escaped(title))</title>
            <rect width="100%" height="100%" fill="#fff"/>
            <text x="\(Self.left1)" y="28" font-size="17" font-weight="bold">\(escaped(title))</text>

            """
        let sampled = points.count < drawn ? "\(points.count) of \(drawn) predicted rows drawn" : "\(drawn) predicted rows"
        let others = left > 0 ? "; \(left) rows of other quantities than time left out" : ""
        text += "<text x=\"\(Self.left1)\" y=\"48\" fill=\"#555\">\(sampled)\(others)</text>\n"
        text += panel(at: Self.left1, "Measured against predicted", x: ("measured time", decades), y: ("predicted time", decades))
        text += panel(at: Self.left2, "Error by size", x: ("measured time", measured), y: ("predicted ÷ measured", ratios))
        // Parity, and a factor of two around it.
        text += line(from: (decades.low, decades.low), to: (decades.high, decades.high), decades, decades, at: Self.left1, dash: nil)
        for factor in [0.5, 2.0] {
            text += line(from: (decades.low, decades.low * factor), to: (decades.high, decades.high * factor), decades, decades, at: Self.left1, dash: "4 4")
            text += line(from: (measured.low, factor), to: (measured.high, factor), measured, ratios, at: Self.left2, dash: "4 4")
        }
        text += line(from: (measured.low, 1), to: (measured.high, 1), measured, ratios, at: Self.left2, dash: nil)
        for (place, colour) in Self.colours.enumerated() {
            let own = points.filter { $0.series == place }
            guard !own.isEmpty else { continue }
            text += "<g fill=\"none\" stroke=\"\(colour)\" stroke-opacity=\"0.55\">\n"
            for point in own {
                text += mark(place, decades.place(point.measured) * Self.side + Self.left1, (1 - decades.place(point.predicted)) * Self.side + Self.top)
                text += mark(place, measured.place(point.measured) * Self.side + Self.left2, (1 - ratios.place(point.predicted / point.measured)) * Self.side + Self.top)
            }
            text += "</g>\n"
        }
        return text + legend() + "</svg>\n"
    }

    private func panel(at left: Double, _ title: String, x: (label: String, axis: Axis), y: (label: String, axis: Axis)) -> String {
        let bottom = Self.top + Self.side
        var text = "<g><text x=\"\(left + Self.side / 2)\" y=\"\(Self.top - 8)\" text-anchor=\"middle\" font-weight=\"bold\">\(title)</text>\n"
        for tick in x.axis.ticks {
            let at = number(left + x.axis.place(tick) * Self.side)
            text += "<path d=\"M\(at) \(Self.top)V\(bottom)\" stroke=\"#e3e3e3\"/><text x=\"\(at)\" y=\"\(bottom + 16)\" text-anchor=\"middle\">\(x.axis.label(tick))</text>\n"
        }
        for tick in y.axis.ticks {
            let at = number(bottom - y.axis.place(tick) * Self.side)
            text += "<path d=\"M\(left) \(at)H\(left + Self.side)\" stroke=\"#e3e3e3\"/><text x=\"\(left - 6)\" y=\"\(at)\" dy=\"4\" text-anchor=\"end\">\(y.axis.label(tick))</text>\n"
        }
        text += "<rect x=\"\(left)\" y=\"\(Self.top)\" width=\"\(Self.side)\" height=\"\(Self.side)\" fill=\"none\" stroke=\"#888\"/>\n"
        text += "<text x=\"\(left + Self.side / 2)\" y=\"\(bottom + 36)\" text-anchor=\"middle\">\(x.label)</text>\n"
        let middle = Self.top + Self.side / 2
        return text + "<text x=\"\(left - 54)\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 \(left - 54) \(middle))\">\(y.label)</text></g>\n"
    }

    private func line(from a: (Double, Double), to b: (Double, Double), _ x: Axis, _ y: Axis, at left: Double, dash: String?) -> String {
        func point(_ p: (Double, Double)) -> String {
            "\(number(left + min(max(x.place(p.0), 0), 1) * Self.side)) \(number(Self.top + (1 - y.place(p.1)) * Self.side))"
        }
        guard (0...1).contains(y.place(a.1)) || (0...1).contains(y.place(b.1)) else { return "" }
        // Lines that leave the frame are cut by it.
        let frame = "\(left == Self.left1 ? "a" : "b")"
        return "<clipPath id=\"clip-\(frame)\"><rect x=\"\(left)\" y=\"\(Self.top)\" width=\"\(Self.side)\" height=\"\(Self.side)\"/></clipPath>"
            + "<path d=\"M\(point(a))L\(point(b))\" stroke=\"#444\" clip-path=\"url(#clip-\(frame))\"\(dash.map { " stroke-dasharray=\"\($0)\"" } ?? "")/>\n"
    }

    private func mark(_ shape: Int, _ x: Double, _ y: Double) -> String {
        let (x, y) = (number(x), number(y))
        switch shape {
        case 0: return "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"2.4\"/>\n"
        case 1: return "<path d=\"M\(x) \(y)m-2.5 -2.5l5 5m0 -5l-5 5\"/>\n"
        case 2: return "<path d=\"M\(x) \(y)m0 -3l3 5h-6z\"/>\n"
        case 3: return "<path d=\"M\(x) \(y)m-2.3 -2.3h4.6v4.6h-4.6z\"/>\n"
        case 4: return "<path d=\"M\(x) \(y)m0 -3.2v6.4m-3.2 -3.2h6.4\"/>\n"
        case 5: return "<path d=\"M\(x) \(y)m0 -3.2l3.2 3.2l-3.2 3.2l-3.2 -3.2z\"/>\n"
        default: return "<path d=\"M\(x) \(y)m-3 2.5l3 -5l3 5\"/>\n"
        }
    }

    private func legend() -> String {
        var text = ""
        var x = Self.left1
        for (place, name) in series.enumerated() {
            text += "<g fill=\"none\" stroke=\"\(Self.colours[place])\" stroke-width=\"1.4\">\(mark(place, x + 5, 572))</g>"
            let label = name.isEmpty ? "(none)" : name
            text += "<text x=\"\(x + 14)\" y=\"576\">\(escaped(label))</text>\n"
            x += 34 + 6.6 * Double(label.count)
        }
        return text + "<text x=\"\(Self.left2 + Self.side)\" y=\"576\" text-anchor=\"end\" fill=\"#555\">dashed: a factor of two</text>\n"
    }
}

/// A logarithmic axis from one power of ten to another.
private struct Axis {
    let low: Double
    let high: Double
    let seconds: Bool
    private let lowExponent: Int
    private let highExponent: Int

    /// - Parameter ratio: of plain numbers around 1, else of seconds.
    init(covering values: [Double], ratio: Bool) {
        seconds = !ratio
        let finite = values.filter { $0 > 0 && $0.isFinite }
        let least = finite.min() ?? 1, most = finite.max() ?? 1
        lowExponent = Int(log10(ratio ? min(least, 0.5) : least).rounded(.down))
        highExponent = max(lowExponent + 1, Int(log10(ratio ? max(most, 2) : most).rounded(.up)))
        low = pow(10, Double(lowExponent))
        high = pow(10, Double(highExponent))
    }

    /// From 0 at the low end to 1 at the high end.
    func place(_ value: Double) -> Double { (log10(value) - Double(lowExponent)) / Double(highExponent - lowExponent) }

    /// Every power of ten, or every second one where they stand too close.
    var ticks: [Double] {
        let step = (highExponent - lowExponent) / 9 + 1
        return stride(from: lowExponent, through: highExponent, by: step).map { pow(10, Double($0)) }
    }

    func label(_ tick: Double) -> String { seconds ? Seconds(tick * (1 + 1e-9)).description : significant(tick) }
}

private func number(_ value: Double) -> String { fixed(value, decimals: 1) }

private func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
    return result
}
