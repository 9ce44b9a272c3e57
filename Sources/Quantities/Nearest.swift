/// The candidate with the fewest edits to `word`, when it is near enough to be what was meant.
///
/// Edits are insertions, deletions, substitutions and swaps of neighbours; case counts half.
public func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    var best: (String, Double)?
    for candidate in candidates {
        let distance = edits(Array(word), Array(candidate))
        if distance < best?.1 ?? .infinity { best = (candidate, distance) }
    }
    guard let (candidate, distance) = best else { return nil }
    // Words of one or two letters have to share one of them.
    let length = Double(max(word.count, candidate.count))
    guard distance <= max(1.5, 0.4 * length), distance < length else { return nil }
    return candidate
}

private func edits(_ a: [Character], _ b: [Character]) -> Double {
    func substitution(_ x: Character, _ y: Character) -> Double {
        x == y ? 0 : (x.lowercased() == y.lowercased() ? 0.5 : 1)
    }
    var twoBack: [Double] = []
    var back = (0...b.count).map(Double.init)
    for i in 0..<a.count {
        var row = [Double(i + 1)]
        for j in 0..<b.count {
            var cost = min(back[j + 1] + 1, row[j] + 1, back[j] + substitution(a[i], b[j]))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, twoBack[j - 1] + 1) }
            row.append(cost)
        }
        (twoBack, back) = (back, row)
    }
    return back[b.count]
}
