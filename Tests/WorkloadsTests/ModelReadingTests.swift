import Documents
import Foundation
import Testing
@testable import Workloads

/// A model file that is right, so that one change makes it wrong.
private let decoder = """
    { "name": "Small", "family": "decoder", "hidden": 64, "vocabulary": 1000, "maxContext": 128, "norm": "rms", "rotary": true,
      "decoder": {
        "layers": 4,
        "attention": { "heads": 8, "kvHeads": 2, "headDimension": 8 },
        "feedForward": { "kind": "swiglu", "dimension": 128 },
        "experts": { "count": 4, "topK": 2, "dimension": 32, "shared": 1, "firstDense": 1 }
      },
      "source": "made up" }
    """

private let latent = """
    { "name": "Latent", "family": "decoder", "hidden": 64, "vocabulary": 1000, "norm": "rms", "rotary": true,
      "decoder": {
        "layers": 4,
        "attention": { "heads": 8, "headDimension": 24,
                       "latent": { "keyValueRank": 32, "nopeDimension": 16, "ropeDimension": 8, "valueDimension": 16 } },
        "feedForward": { "kind": "swiglu", "dimension": 128 }
      },
      "source": "made up" }
    """

private let vision = """
    { "name": "See", "family": "vision", "hidden": 64, "vocabulary": 10, "norm": "layer", "positions": 5,
      "image": { "size": 32, "patch": 16 },
      "encoder": { "layers": 2, "attention": { "heads": 4 }, "feedForward": { "kind": "gelu", "dimension": 128 } },
      "source": "made up" }
    """

private func read(_ text: String) throws -> Model {
    try Model(reading: Document(file: "small.json", text: text.utf8), id: "small")
}

private func message(of text: String) -> String? {
    do { _ = try read(text) } catch { return "\(error)" }
    return nil
}

@Suite("Reading a model")
struct ModelReadingTests {
    @Test("The parameters of a small mixture add up by hand")
    func small() throws {
        let p = try read(decoder).parameters
        #expect(p.embeddings == 64_000 && p.outputHead == 64_000)
        #expect(p.attention == 4 * 64 * (64 + 16 + 16 + 64))
        #expect(p.feedForward == 3 * 64 * 128)
        #expect(p.experts == 3 * 4 * 3 * 64 * 32)
        #expect(p.sharedExperts == 3 * 3 * 64 * 32)
        #expect(p.router == 3 * 4 * 64)
        #expect(p.norms == (4 * 2 + 1) * 64)
        #expect(p.biases == 0)
        #expect(try read(decoder).activeParameters.total == p.total - 3 * 2 * 3 * 64 * 32)
    }

    @Test("Latent attention without a query rank projects queries directly, and its one norm is that of the latent")
    func smallLatent() throws {
        let p = try read(latent).parameters
        #expect(p.attention == 4 * (64 * 8 * 24 + 64 * (32 + 8) + 32 * 8 * (16 + 16) + 8 * 16 * 64))
        #expect(p.norms == 4 * (2 * 64 + 32) + 64)
        #expect(try read(latent).cacheElementsPerToken == 4 * (32 + 8))
    }

    @Test("A vision model embeds patches and a class token, and has classes for a vocabulary")
    func smallVision() throws {
        let p = try read(vision).parameters
        #expect(p.embeddings == 16 * 16 * 3 * 64 + 64 + 5 * 64)
        #expect(p.outputHead == 64 * 10)
        #expect(p.biases == 64)
    }

    @Test("What is left out has its usual value")
    func defaults() throws {
        let model = try read(latent)
        #expect(model.decoder?.attention.kvHeads == 8)
        #expect(model.maxContext == nil && model.finalNorm && !model.tiedEmbeddings && !model.recalled)
        #expect(try read(vision).encoder?.attention.headDimension == 16)
        #expect(try read(decoder).decoder?.experts?.sharedDimension == 32)
    }

    @Test("A published count within 1 % of the arithmetic is taken")
    func published() throws {
        // 64,000 + 64,000 + 40,960 + 24,576 + 73,728 + 18,432 + 768 + 576 = 287,040
        let text = decoder.replacing("\"source\"", with: "\"published\": { \"parameters\": \"0.285 M\", \"active\": \"0.25 M\" }, \"source\"")
        #expect(try read(text).parameters.total == 287_040)
    }

    @Test("Every mistake in a model file has its message", arguments: [
        (decoder, "\"name\": \"Small\", ", "", "\"name\" is missing"),
        (decoder, "\"hidden\": 64", "\"hiden\": 64", "\"hidden\" is missing; is \"hiden\" a misspelling of it?"),
        (decoder, "\"rotary\"", "\"rotatory\"", "unknown key \"rotatory\"; did you mean \"rotary\"?"),
        (decoder, "\"hidden\": 64", "\"hidden\": \"64\"", "hidden: is a string; write a whole number"),
        (decoder, "\"hidden\": 64", "\"hidden\": 0", "hidden: 0 is out of range; use 1 to 10000000"),
        (decoder, "\"hidden\": 64", "\"hidden\": 64.5", "hidden: 64.5 is not a whole number; use 1 to 10000000"),
        (decoder, "\"hidden\": 64", "\"hidden\": 1e400", "hidden: 1e400 is out of range; use 1 to 10000000"),
        (decoder, "\"norm\": \"rms\"", "\"norm\": \"rns\"", "norm: \"rns\" is unknown; did you mean \"rms\"?"),
        (decoder, "\"family\": \"decoder\"", "\"family\": \"diffusion\"",
         "family: \"diffusion\" is unknown; use decoder, encoder, encoder-decoder or vision"),
        (decoder, "\"rotary\": true", "\"rotary\": 1", "rotary: is a number; write true or false"),
        (decoder, "\"layers\": 4", "\"layers\": 100000", "decoder.layers: 100000 is out of range; use 1 to 10000"),
        (decoder, "\"kvHeads\": 2", "\"kvHeads\": 3", "decoder.attention.kvHeads: 3 does not divide 8 heads; use 1, 2, 4 or 8"),
        (decoder, "\"kvHeads\": 2", "\"kvHeads\": 16", "decoder.attention.kvHeads: 16 does not divide 8 heads; use 1, 2, 4 or 8"),
        (decoder, ", \"headDimension\": 8", ", \"window\": -1", "decoder.attention.window: -1 is out of range; use 0 to 1000000000"),
        (decoder, "\"heads\": 8, \"kvHeads\": 2, \"headDimension\": 8", "\"heads\": 7",
         "decoder.attention: \"headDimension\" is missing, and 7 heads do not divide 64 hidden elements; state it or use 1, 2, 4, 8, 16, 32 or 64 heads"),
        (decoder, "\"headDimension\": 8", "\"headDimension\": 256",
         "decoder.attention.headDimension: 8 heads × 256 is more than 16 times 64 hidden elements; it is the dimension of one head"),
        (decoder, "\"headDimension\": 8", "\"headDimension\": 7",
         "decoder.attention.headDimension: 7 is odd; rotary positions turn pairs of elements"),
        (decoder, "\"headDimension\": 8", "\"headDimension\": 8, \"fullEvery\": 2",
         "decoder.attention.fullEvery: 2 has no meaning without a \"window\""),
        (decoder, "\"topK\": 2", "\"topK\": 5", "decoder.experts.topK: 5 is more than the 4 experts there are"),
        (decoder, "\"firstDense\": 1", "\"firstDense\": 4", "decoder.experts.firstDense: 4 dense layers leave none of 4 to route"),
        (decoder, "\"firstDense\": 1", "\"firstDense\": 1, \"every\": 4", "decoder.experts.every: no layer routes: one in 4 of 3"),
        (decoder, "\"swiglu\"", "\"swiglue\"", "decoder.feedForward.kind: \"swiglue\" is unknown; did you mean \"swiglu\"?"),
        (decoder, "\"rotary\": true", "\"rotary\": true, \"positions\": 128",
         "positions: 128 learned positions beside rotary ones; keep one of the two"),
        (decoder, "\"rotary\": true", "\"positions\": 64", "maxContext: 128 tokens are more than the 64 learned positions"),
        (decoder, "\"family\": \"decoder\"", "\"family\": \"encoder\"",
         "\"encoder\" is missing, which a model of family \"encoder\" has"),
        (decoder, "\"family\": \"decoder\"", "\"family\": \"encoder-decoder\"",
         "\"encoder\" is missing, which a model of family \"encoder-decoder\" has"),
        (decoder, "\"layers\": 4", "\"layers\": 4, \"crossAttention\": true",
         "decoder.crossAttention: is not part of a model of family \"decoder\""),
        (decoder, "\"rotary\": true", "\"rotary\": true, \"pooler\": true", "pooler: is not part of a model of family \"decoder\""),
        (decoder, "\"source\"", "\"published\": { \"parameters\": \"0.4 M\" }, \"source\"",
         "published.parameters: 0.4 M is published, but the architecture above has 0.287 M parameters"),
        (decoder, "\"source\"", "\"published\": { \"active\": \"0.4 M\" }, \"source\"",
         "published.active: 0.4 M is published, but the architecture above has 0.2502 M active parameters"),
        (decoder, "\"source\"", "\"published\": { \"parameters\": 287040 }, \"source\"",
         "published.parameters: 287040 has no unit; write a string such as \"287040 B\""),
        (decoder, "\"source\"", "\"published\": { \"parameters\": \"0.3 Mb\" }, \"source\"",
         "published.parameters: \"0.3 Mb\" is not a number of parameters; did you mean \"0.3 M\"?"),
        (decoder, "\"hidden\": 64, \"vocabulary\": 1000", "\"hidden\": 10000000, \"vocabulary\": 10000000",
         "the dimensions multiply to more than 10^14 parameters"),
        (decoder, "\"count\": 4, \"topK\": 2, \"dimension\": 32", "\"count\": 100000, \"topK\": 2, \"dimension\": 10000000",
         "the dimensions multiply to more than 10^14 parameters"),
        (latent, "\"headDimension\": 24", "\"headDimension\": 16",
         "decoder.attention.headDimension: 16 is not nopeDimension + ropeDimension = 16 + 8"),
        (latent, "\"headDimension\": 24", "\"headDimension\": 24, \"kvHeads\": 1",
         "decoder.attention.kvHeads: 1 is not 8: latent attention expands the latent to every head"),
        (latent, "\"headDimension\": 24", "\"headDimension\": 24, \"bias\": true",
         "decoder.attention.bias: is not part of latent attention"),
        (latent, "\"keyValueRank\": 32, ", "", "decoder.attention.latent: \"keyValueRank\" is missing"),
        (vision, "\"patch\": 16", "\"patch\": 12", "image.patch: 12 does not divide 32 pixels"),
        (vision, "\"positions\": 5", "\"positions\": 4", "positions: 4 is not the 5 tokens of an image, class token included"),
        (vision, "\"image\": { \"size\": 32, \"patch\": 16 },", "", "\"image\" is missing, which a model of family \"vision\" has"),
        (vision, "\"positions\": 5", "\"tiedEmbeddings\": true",
         "tiedEmbeddings: a vision model has no token embedding to share with its head"),
    ])
    func mistakes(_ text: String, _ part: String, _ wrong: String, _ expected: String) throws {
        try #require(text.contains(part))
        #expect(message(of: text.replacing(part, with: wrong)) == "small.json: \(expected)")
    }

    @Test("Advice names all divisors of a small number and the nearest two of a large one")
    func advice() {
        #expect(divisors(of: 12, near: 5) == "1, 2, 3, 4, 6 or 12")
        #expect(divisors(of: 96, near: 7) == "6 or 8")
        #expect(divisors(of: 1, near: 7) == "1")
    }
}

@Suite("Writing JSON")
struct JSONTextTests {
    private func written(_ text: String, width: Int = 50) throws -> String {
        try Document(file: "x", text: text.utf8).json.text(width: width)
    }

    @Test("What is written reads back equal, whatever is in its strings", arguments: [
        "{}", "[]", "null", "-1.5e300", #"{"a": "quote \" backslash \\ newline \n bell \u0007 é 𝄞"}"#, "[[], {}, [[1]]]", #"{"": [true, null]}"#,
    ])
    func roundTrip(_ text: String) throws {
        let json = try Document(file: "x", text: text.utf8).json
        for width in [1, 20, 120] {
            #expect(try Document(file: "x", text: json.text(width: width).utf8).json == json)
        }
    }

    @Test("Numbers share a line, sections that fit take one, others are opened")
    func layout() throws {
        #expect(try written(#"{"hidden":4096,"layers":32,"attention":{"heads":32,"kvHeads":8},"notes":["a rather long sentence","another long one"]}"#) == """
            {
              "hidden": 4096, "layers": 32,
              "attention": { "heads": 32, "kvHeads": 8 },
              "notes": [
                "a rather long sentence",
                "another long one"
              ]
            }
            """)
    }
}

@Suite("Documentation of models")
struct ModelDocumentationTests {
    @Test("The example in Documentation/Models.md reads and is DeepSeek-V3")
    func example() throws {
        let page = try String(contentsOf: root.appending(path: "Documentation/Models.md"), encoding: .utf8)
        let example = try #require(page.split(separator: "```json\n").dropFirst().first?.split(separator: "```").first)
        let read = try Model(reading: Document(file: "Models.md", text: example.utf8), id: "deepseek-v3")
        #expect(read.decoder == (try model("deepseek-v3").decoder))
    }
}
