import Documents

/// Which places of a grid are tried.
public enum Strategy: Sendable, Equatable {
    /// All of them.
    case exhaustive
    /// So many, each with the same chance.
    case random(points: Int, seed: UInt64)
    /// So many, spread evenly: Sobol's sequence over the axes.
    case sobol(points: Int)
    /// The best, within so many evaluations.
    case search(points: Int, seed: UInt64)

    private enum Kind: String, CaseIterable {
        case exhaustive, random, sobol, search
    }

    init(reading document: Document) throws(DocumentError) {
        if case .string = document.json {
            let kind: Kind = try document.choice()
            guard kind == .exhaustive else { throw document.malformed("\"\(kind.rawValue)\" needs a number of points: { \"kind\": \"\(kind.rawValue)\", \"points\": 500 }") }
            self = .exhaustive
            return
        }
        var reader = try document.object()
        let kind: Kind = try reader.require("kind").choice()
        let points = kind == .exhaustive ? 0 : try reader.require("points").integer(in: 1...Grid.mostPlaces)
        let seed = kind == .random || kind == .search ? try reader.optional("seed")?.integer() ?? 1 : 1
        try reader.finish()
        self = switch kind {
        case .exhaustive: .exhaustive
        case .random: .random(points: points, seed: UInt64(seed))
        case .sobol: .sobol(points: points)
        case .search: .search(points: points, seed: UInt64(seed))
        }
    }

    var name: String {
        switch self {
        case .exhaustive: "exhaustive"
        case .random: "random"
        case .sobol: "sobol"
        case .search: "search"
        }
    }

    /// Whether the places are known before anything is computed.
    var isFixed: Bool { if case .search = self { false } else { true } }
}
