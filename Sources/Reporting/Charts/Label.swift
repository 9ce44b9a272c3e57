/// A rectangle that something covers.
struct Box: Sendable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    func overlaps(_ other: Box) -> Bool {
        x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
    }

    func contains(_ other: Box) -> Bool {
        other.x >= x && other.y >= y && other.x + other.width <= x + width && other.y + other.height <= y + height
    }
}

/// Names of marks, beside them where there is room.
enum Label {
    /// Writes the text right of, left of, above or below a mark, where it covers nothing: close by, or farther off with a line
    /// that leads to it; nothing at all where no place is free.
    ///
    /// - Parameter distance: from the middle of the mark to the text.
    @discardableResult
    static func place(_ text: String, near mark: (x: Double, y: Double), distance: Double, in frame: Box, avoiding taken: inout [Box],
                      classes: String = "t halo", _ sheet: inout Drawing) -> Bool {
        let room = TextMetrics.width(of: text, size: Drawing.fontSize)
        for reach in [0.0, 16, 32, 50] {
            for side in sides(of: mark, distance + reach) {
                let left = side.anchor == .start ? side.x : side.anchor == .end ? side.x - room : side.x - room / 2
                let box = Box(x: left, y: side.y - 11, width: room, height: 14)
                guard frame.contains(box), !taken.contains(where: { $0.overlaps(box) }) else { continue }
                if reach > 0 {
                    let near = (x: max(box.x, min(mark.x, box.x + box.width)), y: max(box.y, min(mark.y, box.y + box.height)))
                    sheet.line(mark.x, mark.y, near.x, near.y, classes: "axis")
                }
                sheet.text(text, side.x, side.y, anchor: side.anchor, classes: classes)
                taken.append(box)
                return true
            }
        }
        return false
    }

    private static func sides(of mark: (x: Double, y: Double), _ out: Double) -> [(x: Double, y: Double, anchor: Drawing.Anchor)] {
        let diagonal = out * 0.75
        return [
            (mark.x + out, mark.y + 4, .start), (mark.x - out, mark.y + 4, .end), (mark.x, mark.y - out - 2, .middle), (mark.x, mark.y + out + 11, .middle),
            (mark.x + diagonal, mark.y - diagonal, .start), (mark.x + diagonal, mark.y + diagonal + 9, .start),
            (mark.x - diagonal, mark.y - diagonal, .end), (mark.x - diagonal, mark.y + diagonal + 9, .end),
        ]
    }
}
