/// Gradient-boosted regression trees, packed for prediction: 6 bytes a node, features as places among at most 254 thresholds.
///
/// A row is first turned into bytes (which threshold of each feature it lies beyond), then every tree walks all rows of a
/// block, eight at a time, so that a tree stays in the first cache while it is used. A walk has no branches: every step is
/// taken by all eight rows, and a leaf leads to itself.
public struct TreeEnsemble: Sendable {
    /// Ascending thresholds of each feature; a row goes left where its value is below the threshold.
    private(set) var thresholds: [[Float]]
    /// The column that a node looks at in bits 24 to 31, its threshold in 16 to 23, and the distance to the left child in 0 to
    /// 15, the right one being next to it. A row goes right where its place in the column lies beyond the threshold.
    private var nodes: [UInt32] = []
    /// Of leaves a multiple of `unit`.
    private var values: [Int16] = []
    /// Places that nodes look at: of a feature, a missing value being 255 (it goes right) or 0 (it goes left).
    private var columns: [Column] = []
    private var trees: [Tree] = []
    private var unit: Float
    /// Thresholds of each feature, filled up to `rungs` with infinity.
    private var ladders: [Float] = []
    private static let rungs = 256
    /// For many rows.
    private let complete = CompleteTrees.Once()

    private struct Column: Hashable {
        var feature: Int
        var missingGoesLeft: Bool
    }

    private struct Tree {
        /// First node.
        var root: Int
        /// Steps to its farthest leaf.
        var depth: Int
    }

    /// Place of a missing value that goes right, and the threshold that no place lies beyond.
    private static let missing: UInt8 = 255
    static let mostThresholds = 254
    private static let mostColumns = 256
    static let mostFeatures = 254

    public var featureCount: Int { thresholds.count }
    public var treeCount: Int { trees.count }

    // MARK: Prediction

    private static let block = 256, lanes = 8

    /// The sum over all trees for each row.
    ///
    /// - Parameter rows: features row by row, `featureCount` each; not a number where one is missing.
    /// - Complexity: O(rows × trees × depth).
    public func predict(_ rows: [Float]) -> [Float] {
        let width = featureCount, count = width == 0 ? 0 : rows.count / width
        var answers = [Float](repeating: 0, count: count)
        guard !columns.isEmpty else { return constant(count) }
        if count >= CompleteTrees.fewest, let complete = complete.get(laidOut) {
            rows.withUnsafeBufferPointer { rows in complete.sums(rows, count) { answers[$0] = Float($1) * unit } }
            return answers
        }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.block * columns.count) { places in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: Self.block) { sums in
                places.initialize(repeating: 0)
                rows.withUnsafeBufferPointer { rows in
                    for start in stride(from: 0, to: count, by: Self.block) {
                        let size = min(Self.block, count - start), padded = (size + Self.lanes - 1) / Self.lanes * Self.lanes
                        sums.initialize(repeating: 0)
                        place(rows.baseAddress! + start * width, size, into: places.baseAddress!)
                        walk(places.baseAddress!, padded, sums.baseAddress!)
                        for row in 0..<size { answers[start + row] = Float(sums[row]) * unit }
                    }
                }
            }
        }
        return answers
    }

    private func laidOut() -> CompleteTrees? {
        CompleteTrees(trees.map { ($0.root, $0.depth) }, columns: columns.map { ($0.feature, $0.missingGoesLeft ? 0 : Self.missing) }, thresholds: thresholds,
                      nodes: nodes, values: values)
    }

    /// Trees of one leaf each.
    private func constant(_ count: Int) -> [Float] {
        [Float](repeating: Float(trees.reduce(0) { $0 + Int(values[$1.root]) }) * unit, count: count)
    }

    /// Which thresholds the rows of a block lie beyond: eight rows next to each other, column by column.
    ///
    /// - Parameter rows: of the block; the few at a time whose values stay in the first cache.
    private func place(_ rows: UnsafePointer<Float>, _ size: Int, into places: UnsafeMutablePointer<UInt8>) {
        let width = featureCount, group = columns.count * Self.lanes
        for start in stride(from: 0, to: size, by: 4 * Self.lanes) {
            let end = min(size, start + 4 * Self.lanes)
            for (index, column) in columns.enumerated() {
                let missing = column.missingGoesLeft ? 0 : Self.missing
                ladders.withUnsafeBufferPointer { ladders in
                    let ladder = ladders.baseAddress! + column.feature * Self.rungs
                    for row in start..<end {
                        let value = rows[row * width + column.feature]
                        // Thresholds not above the value, by halves.
                        var at = 0, step = Self.rungs / 2
                        while step > 0 {
                            at = at &+ (ladder[at &+ step &- 1] <= value ? step : 0)
                            step /= 2
                        }
                        places[row / Self.lanes * group + index * Self.lanes + row % Self.lanes] = value.isNaN ? missing : UInt8(truncatingIfNeeded: at)
                    }
                }
            }
        }
    }

    private func walk(_ places: UnsafePointer<UInt8>, _ padded: Int, _ sums: UnsafeMutablePointer<Int32>) {
        let width = columns.count * Self.lanes
        nodes.withUnsafeBufferPointer { nodes in
            values.withUnsafeBufferPointer { values in
                for tree in trees {
                    let root = nodes.baseAddress! + tree.root, leaves = values.baseAddress! + tree.root
                    var group = places
                    for first in stride(from: 0, to: padded, by: Self.lanes) {
                        var (a, b, c, d, e, f, g, h) = (0, 0, 0, 0, 0, 0, 0, 0)
                        for _ in 0..<tree.depth {
                            Self.step(&a, root, group, 0)
                            Self.step(&b, root, group, 1)
                            Self.step(&c, root, group, 2)
                            Self.step(&d, root, group, 3)
                            Self.step(&e, root, group, 4)
                            Self.step(&f, root, group, 5)
                            Self.step(&g, root, group, 6)
                            Self.step(&h, root, group, 7)
                        }
                        let sum = sums + first
                        sum[0] &+= Int32(leaves[a])
                        sum[1] &+= Int32(leaves[b])
                        sum[2] &+= Int32(leaves[c])
                        sum[3] &+= Int32(leaves[d])
                        sum[4] &+= Int32(leaves[e])
                        sum[5] &+= Int32(leaves[f])
                        sum[6] &+= Int32(leaves[g])
                        sum[7] &+= Int32(leaves[h])
                        group += width
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func step(_ at: inout Int, _ root: UnsafePointer<UInt32>, _ group: UnsafePointer<UInt8>, _ lane: Int) {
        let node = root[at], place = group[Int(node >> 24) &* lanes &+ lane]
        at = at &+ Int(node & 0xffff) &+ (place > UInt8(truncatingIfNeeded: node >> 16) ? 1 : 0)
    }

    // MARK: Nodes

    /// A node as files have it, in 4 bytes. Of an inner one: feature in bits 24 to 31, threshold in 16 to 23, where a missing value
    /// goes in 15 (1: left), and the distance to the left child in 0 to 14. Of a leaf: 255 and 16 bits of value.
    struct Node: Equatable {
        var word: UInt32

        init(word: UInt32) { self.word = word }
        init(leaf value: Int16) { word = 255 << 24 | UInt32(UInt16(bitPattern: value)) }

        init(feature: Int, threshold: Int, missingGoesLeft: Bool, distance: Int) {
            word = UInt32(feature) << 24 | UInt32(threshold) << 16 | (missingGoesLeft ? 1 << 15 : 0) | UInt32(distance)
        }

        var isLeaf: Bool { word >> 24 == 255 }
        var value: Int16 { Int16(bitPattern: UInt16(truncatingIfNeeded: word)) }
        var feature: Int { Int(word >> 24) }
        var threshold: Int { Int(word >> 16 & 0xff) }
        var missingGoesLeft: Bool { word >> 15 & 1 == 1 }
        var distance: Int { Int(word & 0x7fff) }
        /// Feature and way of a missing value as one number.
        var column: Int { 2 * feature + (missingGoesLeft ? 1 : 0) }
    }

    /// - Parameters:
    ///   - nodes: tree after tree, children behind their parent, siblings next to each other.
    ///   - roots: places of the first node of each tree, ascending.
    /// - Throws: `TreeError` where a walk would leave the nodes of its tree.
    init(thresholds: [[Float]], unit: Float, roots: [Int], nodes list: [Node]) throws(TreeError) {
        guard unit.isFinite, roots.first ?? 0 == 0, zip(roots, roots.dropFirst()).allSatisfy({ $0 < $1 }), roots.last ?? -1 < list.count, roots.isEmpty == list.isEmpty else {
            throw TreeError("has trees without nodes")
        }
        self.thresholds = thresholds
        self.unit = unit
        var used = [Bool](repeating: false, count: 2 * Self.mostFeatures + 2)
        for node in list where !node.isLeaf { used[node.column] = true }
        columns = used.indices.filter { used[$0] }.map { Column(feature: $0 / 2, missingGoesLeft: $0 % 2 == 1) }
        guard columns.count <= Self.mostColumns else { throw TreeError("has more than \(Self.mostColumns) pairs of a feature and a way for missing values") }
        var places = [UInt32](repeating: 0, count: used.count)
        for (place, column) in columns.enumerated() { places[2 * column.feature + (column.missingGoesLeft ? 1 : 0)] = UInt32(place) }
        ladders.reserveCapacity(thresholds.count * Self.rungs)
        for list in thresholds { ladders += list + [Float](repeating: .infinity, count: Self.rungs - list.count) }
        nodes.reserveCapacity(list.count)
        values.reserveCapacity(list.count)
        var depths = [UInt16](repeating: 0, count: list.count)
        for (tree, root) in roots.enumerated() {
            let end = tree + 1 < roots.count ? roots[tree + 1] : list.count
            var deepest: UInt16 = 0
            for at in root..<end {
                let node = list[at]
                guard !node.isLeaf else {
                    nodes.append(UInt32(Self.missing) << 16)
                    values.append(node.value)
                    deepest = max(deepest, depths[at])
                    continue
                }
                let child = at + node.distance
                guard node.feature < thresholds.count, node.threshold < thresholds[node.feature].count, node.distance > 0, child + 1 < end, depths[at] < .max else {
                    throw TreeError("has a node that leads nowhere")
                }
                nodes.append(places[node.column] << 24 | UInt32(node.threshold) << 16 | UInt32(node.distance))
                values.append(0)
                depths[child] = max(depths[child], depths[at] + 1)
                depths[child + 1] = max(depths[child + 1], depths[at] + 1)
            }
            trees.append(Tree(root: root, depth: Int(deepest)))
        }
    }

    /// What the initialiser took.
    var parts: (unit: Float, roots: [Int], nodes: [Node]) {
        let list = nodes.indices.map { at -> Node in
            let node = nodes[at], distance = Int(node & 0xffff), column = distance > 0 ? columns[Int(node >> 24)] : nil
            return column.map { Node(feature: $0.feature, threshold: Int(node >> 16 & 0xff), missingGoesLeft: $0.missingGoesLeft, distance: distance) } ?? Node(leaf: values[at])
        }
        return (unit, trees.map(\.root), list)
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
        guard features <= Self.mostFeatures else { throw TreeError("\(features) features are more than \(Self.mostFeatures)") }
        var sets = [Set<Float>](repeating: [], count: features)
        var largest: Float = 0
        for tree in trees {
            for node in tree.left.indices {
                if tree.left[node] >= 0 { sets[Int(tree.feature[node])].insert(tree.value[node]) } else { largest = max(largest, abs(tree.value[node])) }
            }
        }
        let thresholds = sets.map { $0.sorted() }, unit = largest > 0 ? largest * weight / 32767 : 1
        if let feature = thresholds.firstIndex(where: { $0.count > Self.mostThresholds }) {
            throw TreeError("feature \(feature) has \(thresholds[feature].count) thresholds, more than \(Self.mostThresholds)")
        }
        let places = thresholds.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) }) }
        var nodes: [Node] = [], roots: [Int] = []
        for tree in trees {
            roots.append(nodes.count)
            try Self.pack(tree, places, weight / unit, into: &nodes)
        }
        try self.init(thresholds: thresholds, unit: unit, roots: roots, nodes: nodes)
    }

    /// Breadth first, siblings next to each other.
    private static func pack(_ tree: PlainTree, _ places: [[Float: Int]], _ scale: Float, into nodes: inout [Node]) throws(TreeError) {
        var queue: [Int32] = [0], next = 0
        while next < queue.count {
            let node = Int(queue[next])
            if tree.left[node] < 0 {
                nodes.append(Node(leaf: Int16(max(-32767, min(32767, (tree.value[node] * scale).rounded())))))
            } else {
                let feature = Int(tree.feature[node]), distance = queue.count - next
                guard distance < 1 << 15 else { throw TreeError("a tree of \(tree.left.count) nodes is too large") }
                nodes.append(Node(feature: feature, threshold: places[feature][tree.value[node]] ?? 0, missingGoesLeft: tree.missingGoesLeft[node], distance: distance))
                queue += [tree.left[node], tree.right[node]]
            }
            next += 1
        }
    }
}
