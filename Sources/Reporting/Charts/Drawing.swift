import Quantities

/// Marks on a sheet of a known width, as the inside of an SVG.
///
/// Coordinates are pixels from the upper left corner. A mark with a tip can be hovered, focused and read aloud; its values
/// are there for programs with every digit.
public struct Drawing: Sendable {
    public let width: Double
    public var height: Double
    private(set) var body = ""
    private var textures: Set<Int> = []

    static let fontSize = 12.0

    init(width: Double, height: Double = 0) {
        self.width = width
        self.height = height
    }

    enum Anchor: String { case start, middle, end }

    /// What a mark stands for: in words, and as numbers by name.
    struct Tip {
        var text: String
        var values: [(name: String, value: Double)] = []
    }

    private func attributes(of tip: Tip?) -> String {
        guard let tip else { return "" }
        return tip.values.map { " data-\($0.name)=\"\(exact($0.value))\"" }.joined()
    }

    private mutating func element(_ name: String, _ attributes: String, _ classes: String, _ tip: Tip?) {
        let mark = tip == nil ? classes : classes.isEmpty ? "mark" : classes + " mark"
        body += "<\(name) \(attributes)\(mark.isEmpty ? "" : " class=\"\(mark)\"")\(self.attributes(of: tip))"
        body += tip.map { "><title>\(escaped($0.text))</title></\(name)>" } ?? "/>"
    }

    // MARK: Marks

    mutating func text(_ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, classes: String = "t", size: Double = Drawing.fontSize) {
        let place = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        let fontSize = size == Self.fontSize ? "" : " font-size=\"\(coordinate(size))\""
        body += "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\"\(place)\(fontSize) class=\"\(classes)\">\(escaped(text))</text>"
    }

    /// Text along a slant, from its first letter; the angle in degrees, clockwise.
    mutating func slanted(_ text: String, _ x: Double, _ y: Double, angle: Double, classes: String) {
        let (x, y) = (coordinate(x), coordinate(y))
        body += "<text x=\"\(x)\" y=\"\(y)\" transform=\"rotate(\(coordinate(angle)) \(x) \(y))\" class=\"\(classes)\">\(escaped(text))</text>"
    }

    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, classes: String, radius: Double = 0, tip: Tip? = nil) {
        let corner = radius > 0 ? " rx=\"\(coordinate(radius))\"" : ""
        element("rect", "x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" width=\"\(coordinate(max(0, width)))\" height=\"\(coordinate(height))\"\(corner)", classes, tip)
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, classes: String, dashed: Bool = false) {
        path("M\(coordinate(x1)) \(coordinate(y1))L\(coordinate(x2)) \(coordinate(y2))", classes: classes, dashed: dashed)
    }

    mutating func path(_ path: String, classes: String, dashed: Bool = false, tip: Tip? = nil) {
        element("path", "d=\"\(path)\"" + (dashed ? " stroke-dasharray=\"5 4\"" : ""), classes, tip)
    }

    mutating func polyline(_ points: [(Double, Double)], classes: String, dashed: Bool = false, tip: Tip? = nil) {
        let steps = points.map { "\(coordinate($0.0)) \(coordinate($0.1))" }
        path("M" + steps.joined(separator: "L"), classes: classes, dashed: dashed, tip: tip)
    }

    /// A bar or segment whose texture says what its colour says.
    mutating func textured(_ x: Double, _ y: Double, _ width: Double, _ height: Double, hue: Hue, tip: Tip? = nil) {
        rectangle(x, y, width, height, classes: "f\(hue.place)", tip: tip)
        guard hue != .blue, width > 2.5 else { return }
        textures.insert(hue.place)
        body += "<rect x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" width=\"\(coordinate(width))\" height=\"\(coordinate(height))\" fill=\"url(#ID-t\(hue.place))\" pointer-events=\"none\"/>"
    }

    /// One of the shapes that tell series apart, of a radius that makes all of them look equally large.
    mutating func symbol(_ shape: Int, _ x: Double, _ y: Double, radius r: Double, classes: String, tip: Tip? = nil) {
        func n(_ value: Double) -> String { coordinate(value) }
        switch shape % 6 {
        case 0: element("circle", "cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(r))\"", classes, tip)
        case 1: path("M\(n(x - r * 0.9)) \(n(y - r * 0.9))h\(n(r * 1.8))v\(n(r * 1.8))h\(n(-r * 1.8))z", classes: classes, tip: tip)
        case 2: path("M\(n(x)) \(n(y - r * 1.2))L\(n(x + r * 1.15)) \(n(y + r * 0.8))H\(n(x - r * 1.15))z", classes: classes, tip: tip)
        case 3: path("M\(n(x)) \(n(y - r * 1.3))L\(n(x + r * 1.3)) \(n(y))L\(n(x)) \(n(y + r * 1.3))L\(n(x - r * 1.3)) \(n(y))z", classes: classes, tip: tip)
        case 4: path("M\(n(x)) \(n(y + r * 1.2))L\(n(x + r * 1.15)) \(n(y - r * 0.8))H\(n(x - r * 1.15))z", classes: classes, tip: tip)
        default: path("M\(n(x - r * 0.4)) \(n(y - r * 1.2))h\(n(r * 0.8))v\(n(r * 0.8))h\(n(r * 0.8))v\(n(r * 0.8))h\(n(-r * 0.8))v\(n(r * 0.8))h\(n(-r * 0.8))v\(n(-r * 0.8))h\(n(-r * 0.8))v\(n(-r * 0.8))h\(n(r * 0.8))z", classes: classes, tip: tip)
        }
    }

    /// Paper under everything that comes.
    mutating func paint() { body += "<rect width=\"100%\" height=\"100%\" class=\"paper\"/>" }

    mutating func open(_ classes: String) { body += "<g class=\"\(classes)\">" }
    mutating func close() { body += "</g>" }

    /// Names with their colour and texture, in as many rows as they need; the bottom of the last.
    mutating func legend(_ entries: [(name: String, hue: Hue)], x: Double, y: Double, to right: Double) -> Double {
        var (at, row) = (x, y)
        for entry in entries {
            let room = 20 + TextMetrics.width(of: entry.name, size: Self.fontSize) + 14
            if at > x, at + room > right { (at, row) = (x, row + 19) }
            textured(at, row + 1, 14, 11, hue: entry.hue)
            text(entry.name, at + 20, row + 11, classes: "m")
            at += room
        }
        return entries.isEmpty ? y : row + 18
    }

    // MARK: Text of the file

    /// The textures that were used, with ids of this drawing alone.
    private func definitions(_ id: String) -> String {
        let used = textures.sorted().map { place in
            "<pattern id=\"\(id)-t\(place)\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\"><path d=\"\(Self.strokes[place])\" class=\"tex\"/></pattern>"
        }
        return used.isEmpty ? "" : "<defs>\(used.joined())</defs>"
    }

    /// By hue: slants, dots, bars, crosses; blue is plain.
    private static let strokes = ["", "M-1 7L7 -1", "M3 0V6", "M0 3H6", "M-1 -1L7 7", "M2 3h2", "M0 3H6M3 0V6", "M1 1h1M4 4h1", "M-1 7L7 -1M-1 -1L7 7"]

    /// - Parameters:
    ///   - id: unique in the document that will hold it.
    ///   - extra: attributes of the `svg` element.
    func svg(id: String, label: String, extra: String = "", prologue: String = "") -> String {
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(coordinate(width)) \(coordinate(height))\" class=\"chart\" role=\"group\""
            + " aria-label=\"\(escaped(label))\"\(extra)>" + prologue + definitions(id) + body.replacingIdentifiers(with: id) + "</svg>"
    }

    /// Draws another drawing below what stands there, which ends with it.
    mutating func append(_ other: Drawing, atX x: Double, atY y: Double) {
        body += "<g transform=\"translate(\(coordinate(x)) \(coordinate(y)))\">" + other.body + "</g>"
        textures.formUnion(other.textures)
        height = y + other.height
    }
}

private extension String {
    func replacingIdentifiers(with id: String) -> String {
        split(separator: "url(#ID-", omittingEmptySubsequences: false).joined(separator: "url(#\(id)-")
    }
}
