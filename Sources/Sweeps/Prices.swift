import Documents

/// What an accelerator costs an hour, as the grid states it with its source; nothing here knows a price by itself.
struct Prices: Sendable {
    /// For constraints of a grid that states none, in messages only.
    static let usual = "USD"

    let currency: String
    let source: String
    /// By device as the grid names it.
    let perHour: [String: Double]

    init(reading document: Document) throws(DocumentError) {
        var reader = try document.object()
        currency = try reader.require("currency").string()
        source = try reader.require("source").string()
        let section = try reader.require("perHour")
        try reader.finish()
        var perHour: [String: Double] = [:]
        for (device, value) in try section.members() { perHour[device] = try value.number(in: 0...1e9) }
        guard !perHour.isEmpty else { throw section.malformed("is empty; name devices and what one costs an hour") }
        guard !currency.contains(" "), !currency.contains("/") else { throw document.malformed("\"currency\" is one word, such as \"USD\"") }
        self.perHour = perHour
    }
}
