import Hardware
import Operators
import Quantities
import Synchronization

/// What products of the same formats on one engine have in common: all but their sizes.
final class TileKind: Sendable {
    struct Key: Equatable {
        /// Of the engine in `machine.engines`.
        var place: Int
        var math: NumberFormat
        var activations: TensorFormat
        var output: TensorFormat
        var weights: TensorFormat
        var isWeight: Bool
    }

    let key: Key
    let widening: Widening
    let shapes: TileShapes
    /// Bytes of an element, as in `Product`.
    let inputWidth: Double
    let outputWidth: Double
    let mathWidth: Double

    init(_ key: Key, on machine: Machine, under runtime: Runtime) {
        self.key = key
        let native = machine.device.engines[key.place].native(key.math) ?? key.math
        widening = Widening(weights: key.weights, math: native, under: runtime, isWeight: key.isWeight)
        (inputWidth, outputWidth, mathWidth) = (key.activations.bitsPerElement / 8, key.output.bitsPerElement / 8, native.bits / 8)
        let units = Units(machine, engine: key.place, math: key.math, sparse: key.weights.sparse24 && runtime.sparse24)
        shapes = TileShapes(Product(groups: [], n: 0, k: 0, batch: 0, inputWidth: inputWidth, weightWidth: widening.streamedWidth, outputWidth: outputWidth,
                                    mathWidth: mathWidth, read: 0, written: 0, wideningOps: widening.operations, widened: 0, storedWeights: 0), on: units)
    }
}

/// The kinds of products that were asked about on one device.
final class TileKinds: Sendable {
    private let known = Mutex<[TileKind]>([])
    /// More than any model has; a list of all formats there are would be searched for longer than it saves.
    private static let most = 16

    func kind(_ key: TileKind.Key, _ make: (TileKind.Key) -> TileKind) -> TileKind {
        known.withLock { known in
            if let place = known.firstIndex(where: { $0.key == key }) { return known[place] }
            let new = make(key)
            if known.count < Self.most { known.append(new) }
            return new
        }
    }
}
