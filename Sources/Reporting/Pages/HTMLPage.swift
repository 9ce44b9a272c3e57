import Documents
import Quantities

/// One file that holds a whole page: text, pictures, looks and the figures themselves, and asks nothing of any network.
///
/// It carries a content security policy under which nothing runs or loads but what stands in it, known by its hash: a name
/// out of somebody's file cannot become a program.
struct HTMLPage {
    let title: String
    private var sections: [(id: String, heading: String)] = []
    private var head = ""
    private var body = ""
    private var figures: Set<String> = []

    init(title: String) { self.title = title }

    // MARK: What stands on it

    /// The first screen: what it is about, the answer in a sentence, and the figures.
    mutating func answer(kicker: String, heading: String, lede: String, tiles: [Tile]) {
        head += "<header><p class=\"kicker\">\(escaped(kicker))</p><h1>\(escaped(heading))</h1><p class=\"lede\">\(lede)</p>"
        head += "<dl class=\"tiles\">" + tiles.map(\.html).joined() + "</dl></header>\n"
    }

    /// A figure of the answer.
    struct Tile {
        var label: String
        var figure: Figure
        /// HTML beneath it.
        var remark = ""
        var classes = ""

        var html: String {
            "<div class=\"tile\"><dt>\(escaped(label))</dt><dd><span class=\"figure\(classes.isEmpty ? "" : " " + classes)\">\(figure.html)</span>"
                + (remark.isEmpty ? "" : "<div class=\"under\">\(remark)</div>") + "</dd></div>"
        }
    }

    mutating func section(_ id: String, _ heading: String, _ introduction: String = "") {
        if !sections.isEmpty { body += "</div></section>\n" }
        sections.append((id, heading))
        body += "<section id=\"\(id)\"><h2>\(escaped(heading))</h2>" + (introduction.isEmpty ? "" : "<p class=\"note\">\(introduction)</p>") + "<div class=\"cards\">\n"
    }

    /// A chart for wide and narrow screens, with its figures as a table beneath.
    mutating func figure(_ chart: (any Chart)?, half: Bool = false) {
        guard let chart, figures.insert(chart.name).inserted else { return }
        let id = "chart-\(chart.name)", label = "\(chart.title). The figures follow as a table."
        let wide = chart.draw(width: half ? 420 : 896).svg(id: id + "-w", label: label, extra: "")
        let narrow = chart.draw(width: 340).svg(id: id + "-n", label: label, extra: "")
        body += "<figure id=\"\(id)\"\(half ? " class=\"half\"" : "")><figcaption><h3>\(escaped(chart.title))</h3><p>\(escaped(chart.note))</p></figcaption>"
            + "<div class=\"w\">\(wide)</div><div class=\"n\">\(narrow)</div>"
            + "<details><summary>The figures as a table</summary>\(Self.html(of: chart.table))</details></figure>\n"
    }

    /// Something else on a card of its own.
    mutating func card(_ html: String, half: Bool = false, long: Bool = false) {
        body += "<div class=\"card\(half ? " half" : "")\(long ? " long" : "")\">\(html)</div>\n"
    }

    static func html(of table: ChartTable, best: Int? = nil) -> String {
        let numeric = table.columns.indices.map { column in table.rows.contains { $0.indices.contains(column) && $0[column].isNumber } }
        let head = zip(table.columns, numeric).map { "<th scope=\"col\"\($1 ? " class=\"num\"" : "")>\(escaped($0))</th>" }.joined()
        let rows = table.rows.enumerated().map { index, row in
            "<tr\(index == best ? " class=\"best\"" : "")>" + zip(row, numeric).map { cell, numeric in "<td\(numeric ? " class=\"num\"" : cell.text.count <= 24 ? " class=\"short\"" : "")>\(cell.html)</td>" }.joined() + "</tr>"
        }
        return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead><tbody>\(rows.joined(separator: "\n"))</tbody></table></div>"
    }

    // MARK: The file

    /// - Parameter data: the figures as a program reads them.
    func text(data: JSON, footer: String) -> String {
        let nav = sections.map { "<a href=\"#\($0.id)\">\(escaped($0.heading))</a>" }.joined()
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '\(Self.source(PageStyle.css))'; script-src '\(Self.source(PageStyle.script))'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>\(escaped(title))</title>
            <style>\(PageStyle.css)</style>
            </head>
            <body>
            <main>
            \(head)<nav aria-label="On this page">\(nav)</nav>
            \(body)\(sections.isEmpty ? "" : "</div></section>")
            <footer>\(footer)</footer>
            </main>
            <script type="application/json" id="data">\(Self.embedded(data))</script>
            <script>\(PageStyle.script)</script>
            </body>
            </html>

            """
    }

    /// JSON inside a page: nothing in it can end the element that holds it, or turn the direction of writing.
    private static func embedded(_ json: JSON) -> String {
        json.compact.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "<", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// How a policy names what it allows (W3C Content Security Policy Level 3, section 2.3.1).
    private static func source(_ text: String) -> String { "sha256-" + base64(ContentHash(of: text).bytes) }

    /// RFC 4648, section 4.
    private static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let three = (0..<3).map { start + $0 < bytes.count ? UInt32(bytes[start + $0]) : 0 }
            let word = three[0] << 16 | three[1] << 8 | three[2]
            for place in 0..<4 { text.append(start + place - 1 < bytes.count || place == 0 ? digits[Int(word >> UInt32(18 - 6 * place)) & 63] : "=") }
        }
        return text
    }
}

/// A number on a page: what a person reads, and every digit for a program.
struct Figure {
    var value: Double
    var text: String

    init(_ value: Double, _ text: String) {
        self.value = value
        self.text = text
    }

    init(_ value: Double, _ measure: Measure) { self.init(value, measure.text(value)) }

    var html: String { "<data value=\"\(exact(value))\">\(escaped(text))</data>" }
}

extension ChartTable.Cell {
    var html: String {
        switch self {
        case .text(let text): escaped(text)
        case .number(let value, let text): Figure(value, text).html
        }
    }
}
