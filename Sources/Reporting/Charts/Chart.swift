import Quantities

/// A picture of some figures: what it shows in a sentence, how to read it, its marks, and the same figures as a table.
///
/// A chart is made of plain values and nothing else, so that the same figures always give the same text.
public protocol Chart: Sendable {
    /// A word that names it: in `--svg`, and as an anchor of the page.
    var name: String { get }
    /// What it shows, as a sentence without a full stop.
    var title: String { get }
    /// How it is to be read, and what was left out.
    var note: String { get }
    var table: ChartTable { get }
    /// The marks on a sheet of so many pixels; below 480 in a layout for telephones.
    func draw(width: Double) -> Drawing
}

/// The figures of a chart for who cannot see it, and for who wants the digits.
public struct ChartTable: Sendable {
    public enum Cell: Sendable {
        case text(String)
        /// A number, and how a person reads it.
        case number(Double, String)

        var text: String {
            switch self {
            case .text(let text), .number(_, let text): text
            }
        }

        var isNumber: Bool { if case .number = self { true } else { false } }
    }

    public var columns: [String]
    public var rows: [[Cell]]

    public init(_ columns: [String], _ rows: [[Cell]] = []) {
        self.columns = columns
        self.rows = rows
    }
}

extension Chart {
    /// A picture complete in itself, with its title and its own styles for light and dark.
    public func svg(width: Double = 880) -> String {
        let margin = 20.0, inner = width - 2 * margin
        var sheet = Drawing(width: width)
        sheet.paint()
        var y = 18.0
        for line in TextMetrics.lines(title, within: inner, size: 17) {
            y += 14
            sheet.text(line, margin, y, classes: "t s", size: 16)
            y += 7
        }
        for line in TextMetrics.lines(note, within: inner, size: Drawing.fontSize) {
            y += 13
            sheet.text(line, margin, y, classes: "m")
            y += 3
        }
        var drawing = draw(width: inner)
        drawing.height += 16
        sheet.append(drawing, atX: margin, atY: y + 16)
        return sheet.svg(id: name, label: title, prologue: "<title>\(escaped(title))</title><style>\(ChartStyle.css)</style>") + "\n"
    }
}
