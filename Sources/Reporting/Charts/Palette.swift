import CostModels

/// A colour of a mark and the texture that says the same to who cannot tell the colours apart.
///
/// The hues keep 3:1 or more against the paper in light and in dark (WCAG 2.2, success criterion 1.4.11), and any two of them
/// differ for readers without red or green cones, too, as the tests compute; text never has a hue. Which is which is always written out as well: in a legend, at the mark, or in the table beneath.
public struct Hue: Sendable, Hashable {
    let place: Int
    let light: String
    let dark: String

    static let blue = Hue(place: 0, light: "#0F69B4", dark: "#62B5F0")
    static let orange = Hue(place: 1, light: "#C25410", dark: "#F08A3C")
    static let violet = Hue(place: 2, light: "#3B1C94", dark: "#8F62F2")
    static let green = Hue(place: 3, light: "#1FA27C", dark: "#2FE0A6")
    static let cyan = Hue(place: 4, light: "#1899E8", dark: "#2F86BE")
    static let ochre = Hue(place: 5, light: "#BE8A35", dark: "#F5DA8C")
    static let magenta = Hue(place: 6, light: "#700A45", dark: "#E4407A")
    static let grey = Hue(place: 7, light: "#4C535C", dark: "#8A949C")
    static let ink = Hue(place: 8, light: "#858D97", dark: "#EBECEF")

    static let all = [blue, orange, violet, green, cyan, ochre, magenta, grey, ink]

    /// For series without a meaning of their own; the last stands for all that come after.
    static func series(_ index: Int) -> Hue {
        let order = [blue, orange, green, magenta, ochre, violet, cyan, ink, grey]
        return order[min(index, order.count - 1)]
    }
}

/// Paper, ink and what lies between, in light and dark.
enum Paper {
    static let light = (paper: "#FFFFFF", ink: "#1B1F24", muted: "#57606A", grid: "#E3E7EB", axis: "#8B949E")
    static let dark = (paper: "#181C20", ink: "#E8EAED", muted: "#A7B0BA", grid: "#2F353B", axis: "#78828D")
}

extension Bound {
    var hue: Hue {
        switch self {
        case .memory: .blue
        case .compute: .orange
        case .launch: .violet
        case .link: .green
        case .cache: .cyan
        case .vector: .ochre
        case .power: .magenta
        case .latency: .grey
        case .dependency: .ink
        }
    }
}

/// The styles of every chart, by class, for both schemes.
enum ChartStyle {
    static let fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

    private static func rules(paper: (paper: String, ink: String, muted: String, grid: String, axis: String), _ hue: (Hue) -> String) -> String {
        let hues = Hue.all.map { ".f\($0.place){fill:\(hue($0))}.s\($0.place){stroke:\(hue($0))}" }.joined()
        return ".t{fill:\(paper.ink)}.m{fill:\(paper.muted)}.paper{fill:\(paper.paper)}.grid{stroke:\(paper.grid)}.axis{stroke:\(paper.axis)}"
            + ".rule{stroke:\(paper.ink)}.band{fill:\(paper.grid)}.tex{stroke:\(paper.paper)}.halo{stroke:\(paper.paper)}.faint,.crowd{fill:\(paper.axis)}.crowdline{stroke:\(paper.axis)}" + hues
    }

    /// - Parameter scope: selector of the drawing, so that a page's own styles stay its own.
    static let css: String = {
        let shapes = ".chart{font-family:\(fonts);font-size:12px}.chart text{stroke:none}.chart .s{font-weight:600}.chart .grid,.chart .axis,.chart .rule{fill:none}"
            + ".chart .halo{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}.chart text.halo{stroke-width:3px}"
            + ".chart .tex{fill:none;stroke-opacity:.45}.chart .line{fill:none;stroke-width:1.6px}.chart .thin{fill:none;stroke-width:1.1px;stroke-opacity:.6}.chart .crowdline{fill:none;stroke-opacity:.16}"
            + ".chart .c1{fill-opacity:.22}.chart .c2{fill-opacity:.38}.chart .c3{fill-opacity:.54}.chart .c4{fill-opacity:.72}.chart .c5{fill-opacity:.95}.chart .open{fill-opacity:.22;stroke-width:1.5px}"
        return shapes + scoped(rules(paper: Paper.light) { $0.light })
            + "@media screen and (prefers-color-scheme:dark){" + scoped(rules(paper: Paper.dark) { $0.dark }) + "}"
    }()

    private static func scoped(_ rules: String) -> String {
        rules.split(separator: "}").map { ".chart " + $0 + "}" }.joined()
    }
}
