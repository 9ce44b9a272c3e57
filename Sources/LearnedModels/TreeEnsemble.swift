/// Gradient-boosted regression trees, packed for prediction: 4 bytes a node, features as places among at most 254 thresholds.
///
/// A row is first turned into bytes (which threshold of each feature it lies beyond), then every tree walks all rows of a
/// block, so that a tree stays in the first cache while it is used.
public struct TreeEnsemble: Sendable {
    /// Ascending thresholds of each feature; a row goes left where its value is below the threshold.
    var thresholds: [[Float]]
    /// Of inner nodes: feature in bits 24 to 31, threshold in 16 to 23, where a missing value goes in 15 (1: left), and the
    /// distance to the left child in 0 to 14, the right one being next to it. Of leaves: 255 and a 16-bit multiple of `unit`.
    var nodes: [UInt32]
    /// First node of each tree.
    var roots: [Int32]
    var unit: Float

    static let leaf: UInt32 = 255
    /// Place of a missing value.
    static let missing: UInt8 = 255
    static let mostThresholds = 254

    public var featureCount: Int { thresholds.count }
    public var treeCount: Int { roots.count }

    /// The sum over all trees for each row.
    ///
    /// - Parameter rows: features row by row, `featureCount` each; not a number where one is missing.
    /// - Complexity: O(rows × trees × depth).
    public func predict(_ rows: [Float]) -> [Float] {
        let width = featureCount, count = width == 0 ? 0 : rows.count / width
        var sums = [Float](repeating: 0, count: count)
        var places = [UInt8](repeating: 0, count: Self.block * width)
        rows.withUnsafeBufferPointer { rows in
            places.withUnsafeMutableBufferPointer { places in
                sums.withUnsafeMutableBufferPointer { sums in
                    var start = 0
                    while start < count {
                        let size = min(Self.block, count - start)
                        for row in 0..<size { place(rows.baseAddress! + (start + row) * width, into: places.baseAddress! + row * width) }
                        walk(UnsafePointer(places.baseAddress!), width, size, sums.baseAddress! + start)
                        start += size
                    }
                }
            }
        }
        return sums
    }

    private static let block = 256

    private func place(_ row: UnsafePointer<Float>, into places: UnsafeMutablePointer<UInt8>) {
        for feature in thresholds.indices {
            let value = row[feature]
            if value.isNaN {
                places[feature] = Self.missing
                continue
            }
            // Thresholds not above the value.
            places[feature] = thresholds[feature].withUnsafeBufferPointer { list in
                var low = 0, high = list.count
                while low < high {
                    let middle = (low + high) / 2
                    if list[middle] <= value { low = middle + 1 } else { high = middle }
                }
                return UInt8(truncatingIfNeeded: low)
            }
        }
    }

    private func walk(_ places: UnsafePointer<UInt8>, _ width: Int, _ size: Int, _ sums: UnsafeMutablePointer<Float>) {
        nodes.withUnsafeBufferPointer { nodes in
            let base = nodes.baseAddress!
            for root in roots {
                let start = base + Int(root)
                var row = 0
                // Four rows at once: their loads do not wait for each other.
                while row + 4 <= size {
                    let p = places + row * width
                    let (a, b, c, d) = Self.descend(start, (p, p + width, p + 2 * width, p + 3 * width))
                    sums[row] += Float(Int16(truncatingIfNeeded: a)) * unit
                    sums[row + 1] += Float(Int16(truncatingIfNeeded: b)) * unit
                    sums[row + 2] += Float(Int16(truncatingIfNeeded: c)) * unit
                    sums[row + 3] += Float(Int16(truncatingIfNeeded: d)) * unit
                    row += 4
                }
                while row < size {
                    sums[row] += Float(Int16(truncatingIfNeeded: Self.descend(start, places + row * width))) * unit
                    row += 1
                }
            }
        }
    }

    @inline(__always)
    private static func step(_ at: UnsafePointer<UInt32>, _ node: UInt32, _ row: UnsafePointer<UInt8>) -> UnsafePointer<UInt32> {
        let place = UInt32(row[Int(node >> 24)]), threshold = (node >> 16) & 0xff
        let isMissing: UInt32 = place == UInt32(missing) ? 1 : 0
        let right: UInt32 = isMissing != 0 ? 1 - ((node >> 15) & 1) : (place > threshold ? 1 : 0)
        return at + Int((node & 0x7fff) &+ right)
    }

    private static func descend(_ root: UnsafePointer<UInt32>, _ row: UnsafePointer<UInt8>) -> UInt32 {
        var at = root, node = root.pointee
        while node >> 24 != leaf {
            at = step(at, node, row)
            node = at.pointee
        }
        return node
    }

    private static func descend(_ root: UnsafePointer<UInt32>,
                                _ rows: (UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>, UnsafePointer<UInt8>)) -> (UInt32, UInt32, UInt32, UInt32) {
        var a = root, b = root, c = root, d = root
        var na = a.pointee, nb = na, nc = na, nd = na
        // As long as none has arrived they go together.
        while na >> 24 != leaf, nb >> 24 != leaf, nc >> 24 != leaf, nd >> 24 != leaf {
            a = step(a, na, rows.0)
            b = step(b, nb, rows.1)
            c = step(c, nc, rows.2)
            d = step(d, nd, rows.3)
            na = a.pointee
            nb = b.pointee
            nc = c.pointee
            nd = d.pointee
        }
        while na >> 24 != leaf { a = step(a, na, rows.0); na = a.pointee }
        while nb >> 24 != leaf { b = step(b, nb, rows.1); nb = b.pointee }
        while nc >> 24 != leaf { c = step(c, nc, rows.2); nc = c.pointee }
        while nd >> 24 != leaf { d = step(d, nd, rows.3); nd = d.pointee }
        return (na, nb, nc, nd)
    }
}

/// One tree as a trainer hands it over, nodes numbered from the root.
public struct PlainTree: Sendable {
    /// Children of each node; -1 for a leaf.
    public var left: [Int32]
    public var right: [Int32]
    public var feature: [Int32]
    /// The threshold of an inner node, the value of a leaf.
    public var value: [Float]
    public var missingGoesLeft: [Bool]

    public init(left: [Int32], right: [Int32], feature: [Int32], value: [Float], missingGoesLeft: [Bool]) {
        self.left = left
        self.right = right
        self.feature = feature
        self.value = value
        self.missingGoesLeft = missingGoesLeft
    }
}

/// Why trees cannot be packed.
public struct TreeError: Error, CustomStringConvertible, Equatable {
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension TreeEnsemble {
    /// Packs trees, each multiplied by `weight` (1 ÷ the number of ensembles whose mean is taken).
    ///
    /// - Throws: `TreeError` where a feature has more thresholds than a byte can count, or a tree is too large.
    public init(packing trees: [PlainTree], features: Int, weight: Float = 1) throws(TreeError) {
        guard features < Int(Self.leaf) else { throw TreeError("\(features) features are more than \(Self.leaf - 1)") }
        var sets = [Set<Float>](repeating: [], count: features)
        var largest: Float = 0
        for tree in trees {
            for node in tree.left.indices {
                if tree.left[node] >= 0 { sets[Int(tree.feature[node])].insert(tree.value[node]) } else { largest = max(largest, abs(tree.value[node])) }
            }
        }
        thresholds = sets.map { $0.sorted() }
        if let feature = thresholds.firstIndex(where: { $0.count > Self.mostThresholds }) {
            throw TreeError("feature \(feature) has \(thresholds[feature].count) thresholds, more than \(Self.mostThresholds)")
        }
        unit = largest > 0 ? largest * weight / 32767 : 1
        nodes = []
        roots = []
        let places = thresholds.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, UInt32($0)) }) }
        for tree in trees {
            roots.append(Int32(nodes.count))
            try pack(tree, places, weight)
        }
    }

    /// Breadth first, siblings next to each other.
    private mutating func pack(_ tree: PlainTree, _ places: [[Float: UInt32]], _ weight: Float) throws(TreeError) {
        let first = nodes.count
        var queue: [Int32] = [0], next = 0
        nodes.append(0)
        while next < queue.count {
            let node = Int(queue[next]), at = first + next
            if tree.left[node] < 0 {
                let steps = (tree.value[node] * weight / unit).rounded()
                nodes[at] = Self.leaf << 24 | UInt32(UInt16(bitPattern: Int16(max(-32767, min(32767, steps)))))
            } else {
                let feature = Int(tree.feature[node]), distance = queue.count - next
                guard distance < 1 << 15 else { throw TreeError("a tree of \(tree.left.count) nodes is too large") }
                nodes[at] = UInt32(feature) << 24 | (places[feature][tree.value[node]] ?? 0) << 16 | (tree.missingGoesLeft[node] ? 1 << 15 : 0) | UInt32(distance)
                queue += [tree.left[node], tree.right[node]]
                nodes += [0, 0]
            }
            next += 1
        }
    }
}
