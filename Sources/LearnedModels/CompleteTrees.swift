import LearnedTreesC
import Synchronization

/// The trees of an ensemble laid out as if each were complete, so that one comparison asks 64 of a row's nodes at once.
///
/// Answers are those of a walk from node to node: leaves are whole numbers of a unit, whose sums have no rounding.
/// Nothing writes to it once it is made.
final class CompleteTrees: @unchecked Sendable {
    /// A tree as the ensemble has it.
    typealias Nodes = (root: Int, depth: Int)

    private let trees: lt_trees
    private let tops: UnsafeMutableRawBufferPointer
    private let leaves: UnsafeMutableRawBufferPointer
    private let ladders: UnsafeMutableRawBufferPointer
    private let columns: [lt_column]
    private let width: Int

    /// Rows below which stepping from node to node is as fast: they are walked in groups of so many.
    static let fewest = Int(lt_rows)
    private static let topLevels = Int(lt_top_levels), levels = topLevels + Int(lt_lower_levels)
    /// Rows whose places stay in the second cache.
    private static let block = 8 * fewest

    /// Nil where the processor or the trees are of another kind.
    ///
    /// - Parameters:
    ///   - columns: feature and place of a missing value, by the column that nodes name.
    ///   - nodes: as in `TreeEnsemble`, values beside them.
    init?(_ list: [Nodes], columns: [(feature: Int, missing: UInt8)], thresholds: [[Float]], nodes: [UInt32], values: [Int16]) {
        let depth = list.map(\.depth).max() ?? 0
        guard lt_supported() != 0, columns.count <= Int(lt_most_columns), depth <= Self.levels else { return nil }
        let isDeep = depth > Self.topLevels
        tops = .allocate(byteCount: 128 * list.count, alignment: 64)
        leaves = .allocate(byteCount: (isDeep ? 4096 : 128) * list.count, alignment: 64)
        ladders = .allocate(byteCount: MemoryLayout<lt_ladder>.stride * thresholds.count, alignment: 64)
        trees = lt_trees(count: list.count, tops: tops.baseAddress?.assumingMemoryBound(to: UInt8.self), is_deep: isDeep ? 1 : 0,
                         leaves: leaves.baseAddress?.assumingMemoryBound(to: Int16.self))
        self.columns = columns.map { lt_column(feature: UInt16($0.feature), missing: $0.missing) }
        width = thresholds.count
        fillLadders(thresholds)
        nodes.withUnsafeBufferPointer { nodes in
            values.withUnsafeBufferPointer { values in
                for (place, tree) in list.enumerated() { fill(place, from: tree.root, nodes, values) }
            }
        }
    }

    deinit {
        tops.deallocate()
        leaves.deallocate()
        ladders.deallocate()
    }

    private func fillLadders(_ thresholds: [[Float]]) {
        let numbers = ladders.bindMemory(to: Float.self), stride = MemoryLayout<lt_ladder>.stride / MemoryLayout<Float>.stride
        numbers.initialize(repeating: .nan)
        for (feature, list) in thresholds.enumerated() {
            for (place, threshold) in list.enumerated() {
                numbers[feature * stride + 16 + place] = threshold
                if place % 16 == 15 { numbers[feature * stride + place / 16] = threshold }
            }
        }
    }

    private func fill(_ tree: Int, from root: Int, _ nodes: UnsafeBufferPointer<UInt32>, _ values: UnsafeBufferPointer<Int16>) {
        let isDeep = trees.is_deep != 0, size = isDeep ? 4096 : 128
        // Nodes by their number in a heap, from 1; below a leaf that leaf again.
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 128) { heap in
            func comparisons(_ count: Int, from root: Int, into bytes: UnsafeMutableRawBufferPointer, at first: Int) {
                heap[1] = root
                (bytes[first], bytes[first + count]) = (0, .max)
                for place in 1..<count {
                    let at = heap[place], node = nodes[at], distance = Int(node & 0xffff)
                    (bytes[first + place], bytes[first + count + place]) = (UInt8(truncatingIfNeeded: node >> 24), UInt8(truncatingIfNeeded: node >> 16))
                    heap[2 * place] = at + distance
                    heap[2 * place + 1] = at + distance + (distance > 0 ? 1 : 0)
                }
            }
            comparisons(64, from: root, into: tops, at: 128 * tree)
            withUnsafeTemporaryAllocation(of: Int.self, capacity: 64) { reached in
                for place in 0..<64 { reached[place] = heap[64 + place] }
                for place in 0..<64 {
                    guard isDeep else {
                        leaves.storeBytes(of: values[reached[place]], toByteOffset: size * tree + 2 * place, as: Int16.self)
                        continue
                    }
                    let block = size * tree + 64 * place
                    comparisons(16, from: reached[place], into: leaves, at: block)
                    for leaf in 0..<16 { leaves.storeBytes(of: values[heap[16 + leaf]], toByteOffset: block + 32 + 2 * leaf, as: Int16.self) }
                }
            }
        }
    }

    /// Hands the sum of leaves that each row reaches to `take`.
    func sums(_ rows: UnsafeBufferPointer<Float>, _ count: Int, _ take: (_ row: Int, _ sum: Int32) -> Void) {
        let stride = lt_stride(columns.count), most = min(Self.block, (count + Self.fewest - 1) / Self.fewest * Self.fewest)
        withUnsafeTemporaryAllocation(byteCount: most * stride, alignment: 64) { places in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: most) { sums in
                places.initializeMemory(as: UInt8.self, repeating: 0)
                for start in Swift.stride(from: 0, to: count, by: most) {
                    let size = min(most, count - start)
                    sums.initialize(repeating: 0)
                    withUnsafePointer(to: trees) { trees in
                        lt_place(places.baseAddress, rows.baseAddress! + start * width, size, width, columns, columns.count, ladders.baseAddress?.assumingMemoryBound(to: lt_ladder.self))
                        lt_sum(sums.baseAddress, places.baseAddress, size, columns.count, trees)
                    }
                    for row in 0..<size { take(start + row, sums[row]) }
                }
            }
        }
    }

    /// The layout of an ensemble, made when it is first asked for and kept.
    final class Once: Sendable {
        private let made = Mutex<CompleteTrees??>(nil)

        func get(_ make: () -> CompleteTrees?) -> CompleteTrees? {
            made.withLock { made in
                if let made { return made }
                let new = make()
                made = .some(new)
                return new
            }
        }
    }
}
