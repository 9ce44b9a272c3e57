/// One pass through a model as its host sees it.
public struct StepShape: Sendable, Hashable {
    /// Sequences that get a token.
    public var sequences: Int
    /// Tokens that pass through the model, of all sequences.
    public var tokens: Int
    public var layers: Int
    public var decodes: Bool
    /// Tokens go to clients as they come, and requests come and go meanwhile.
    public var streams: Bool

    public init(sequences: Int, tokens: Int, layers: Int, decodes: Bool, streams: Bool = false) {
        self.streams = streams
        self.sequences = sequences
        self.tokens = tokens
        self.layers = layers
        self.decodes = decodes
    }
}
