import Calibration
import Documents
import Measurement

/// At most so many rows of each family, every row with the same chance; the same seed gives the same rows in whatever order
/// the files are named.
struct RowSample {
    /// By family, the largest mark of a row that is taken.
    private var largest: [String: UInt64] = [:]
    private let seed: Int

    /// - Throws: `DocumentError` where a file cannot be read.
    init(of files: [String], atMost count: Int, seed: Int) throws(DocumentError) {
        self.seed = seed
        var marks: [String: [UInt64]] = [:]
        for path in files {
            var file = try MeasuredFile(path)
            while let row = file.next() { marks[row.phase, default: []].append(Self.mark(of: row, in: path, seed)) }
        }
        largest = marks.mapValues { $0.count > count ? $0.sorted()[count - 1] : .max }
    }

    func takes(_ row: MeasuredRow, of path: String) -> Bool { Self.mark(of: row, in: path, seed) <= largest[row.phase] ?? 0 }

    private static func mark(of row: MeasuredRow, in path: String, _ seed: Int) -> UInt64 {
        var hash = StableHash()
        for byte in (path.split(separator: "/").last ?? "").utf8 { hash.add(Int(byte)) }
        hash.add(row.index)
        hash.add(seed)
        // The last byte of such a hash reaches only its low bits.
        return hash.value.mixed
    }
}

extension UInt64 {
    /// All bits in each (the finaliser of MurmurHash3, Appleby 2011).
    var mixed: UInt64 {
        var z = self
        z = (z ^ (z >> 33)) &* 0xff51_afd7_ed55_8ccd
        z = (z ^ (z >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return z ^ (z >> 33)
    }
}
