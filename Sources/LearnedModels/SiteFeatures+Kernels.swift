import CostModels
import Operators
import Quantities

extension SiteFeatures {
    /// Tiles of the libraries' kernels (CUTLASS documentation, "Efficient GEMM") by which a product may be cut.
    private static let tiles: [(rows: Int, columns: Int)] = [(128, 128), (256, 128), (128, 256), (64, 64), (64, 128), (128, 64), (16, 128), (128, 16), (64, 256), (192, 128)]

    func fillProduct(_ sink: inout some FeatureSink, _ device: DeviceScale) {
        guard case .matmul(let o) = operators[costs.main] else { return }
        let units = Double(device.units)
        let m = Double(o.m * o.batch), n = Double(o.n), k = Double(o.k)
        sink.add("rows", lg(m))
        sink.add("columns", lg(n))
        sink.add("depth", lg(k))
        sink.add("results", lg(m * n / units))
        sink.add("weight bits", o.weights.bitsPerElement)
        sink.add("input bits", o.activations.bitsPerElement)
        sink.add("weights / cache", lg(o.weightBytes.value / device.cache))
        sink.add("inputs / cache", lg(o.inputBytes.value / device.cache))
        sink.add("outputs / cache", lg(o.outputBytes.value / device.cache))
        sink.add("moved / bandwidth", lg((o.weightBytes.value + o.inputBytes.value + o.outputBytes.value) / device.bandwidth * 1e6))
        sink.add("warm", o.warm ? 1 : 0)
        var tile = (rows: Double.nan, columns: Double.nan, split: Double.nan)
        if case .tile(let rows, let columns, let split) = costs.mainDemand.choice { tile = (lg(Double(rows)), lg(Double(columns)), lg(Double(split))) }
        sink.add("tile rows", tile.rows)
        sink.add("tile columns", tile.columns)
        sink.add("split", tile.split)
        for size in [o.m, o.n, o.k] { sink.add("alignment", Double(min(size.trailingZeroBitCount, 10))) }
        for part in [16, 128, 192, 256] { sink.add("rows modulo", Double(o.m % part)) }
        for tile in Self.tiles {
            let count = ((m / Double(tile.rows)).rounded(.up)) * (n / Double(tile.columns)).rounded(.up)
            let waves = count / units
            sink.add("waves", lg(waves))
            sink.add("tail", waves < 40 ? waves.rounded(.up) / waves : 1)
            sink.add("padding", count * Double(tile.rows * tile.columns) / (m * n))
        }
    }

    func fillAttention(_ sink: inout some FeatureSink, _ device: DeviceScale) {
        guard let o = operators.lazy.compactMap({ if case .attention(let o) = $0 { o } else { nil } }).first else { return }
        let units = Double(device.units)
        let batch = Double(o.batch), queries = Double(o.queries), context = Double(o.context), heads = Double(o.heads), kvHeads = Double(o.kvHeads)
        sink.add("batch", lg(batch))
        sink.add("queries", lg(queries))
        sink.add("context", lg(context))
        sink.add("heads", lg(heads))
        sink.add("cached heads", lg(kvHeads))
        sink.add("heads a cached one", lg(heads / kvHeads))
        sink.add("head dimension", Double(o.keyDimension))
        sink.add("window", o.window > 0 ? lg(Double(o.window)) : 0)
        sink.add("visible keys", lg(Double(o.keysRead)))
        sink.add("context / window", o.window > 0 ? lg(context / Double(o.window)) : -99)
        sink.add("cache bits", o.cache.bitsPerElement)
        sink.add("math bits", o.math.bits)
        sink.add("chains / units", lg(batch * heads / units))
        sink.add("cached chains / units", lg(batch * kvHeads / units))
        sink.add("tokens", lg(batch * queries))
        sink.add("keys and values / cache", lg(o.cacheBytes.value / device.cache))
        sink.add("keys and values / bandwidth", lg(o.cacheBytes.value / device.bandwidth * 1e6))
        sink.add("pairs", lg(batch * o.pairs * heads / units))
        sink.add("warm", o.warm ? 1 : 0)
        for rows in [64.0, 128, 256] {
            let blocks = batch * heads * (queries / rows).rounded(.up) / units
            sink.add("blocks / units", lg(blocks))
            sink.add("tail of blocks", blocks < 40 ? blocks.rounded(.up) / blocks : 1)
        }
        let packed = batch * kvHeads / units
        sink.add("tail of cached chains", packed < 40 ? packed.rounded(.up) / packed : 1)
    }

    func fillExperts(_ sink: inout some FeatureSink, _ device: DeviceScale) {
        let grouped = operators.compactMap { if case .grouped(let o) = $0 { o } else { nil } }
        let router = operators.lazy.compactMap { if case .elementwise(let o) = $0, o.kind == .router { o } else { nil } }.first
        let units = Double(device.units)
        let up = grouped.first, down = grouped.last
        let tokens = Double(router?.rows ?? up?.rows ?? 0), experts = Double(router?.width ?? 0), choices = router.map { ($0.flopsPerElement - 5) } ?? 0
        let rows = Double(up?.rows ?? 0), active = Double(up?.tokens.count ?? 0), most = Double(up?.tokens.max() ?? 0)
        let hidden = Double(up?.k ?? 0), width = Double(down?.k ?? 0)
        sink.add("tokens", lg(tokens))
        sink.add("experts", lg(experts))
        sink.add("choices", choices)
        sink.add("hidden", lg(hidden))
        sink.add("width", lg(width))
        sink.add("columns of first", lg(Double(up?.n ?? 0)))
        sink.add("rows", lg(rows))
        sink.add("active experts", lg(active))
        sink.add("rows an expert", lg(rows / active))
        sink.add("largest / mean", lg(most * active / rows))
        sink.add("largest", lg(most))
        sink.add("rows / tokens", lg(rows / tokens))
        sink.add("active / experts", lg(active / experts))
        let weightBytes = grouped.reduce(0.0) { $0 + $1.weights.bytes(elements: Double($1.tokens.count) * Double($1.n) * Double($1.k)).value }
        sink.add("weight bits", up?.weights.bitsPerElement ?? .nan)
        sink.add("input bits", up?.activations.bitsPerElement ?? .nan)
        sink.add("weights / cache", lg(weightBytes / device.cache))
        sink.add("weights / bandwidth", lg(weightBytes / device.bandwidth * 1e6))
        sink.add("warm", up?.warm == true ? 1 : 0)
        for tile in [16, 32, 64, 128] {
            let rowTiles = Double(up?.tokens.reduce(0) { $0 + ($1 + tile - 1) / tile } ?? 0)
            for (o, columns) in [(up, 128.0), (down, 128.0)] {
                let waves = rowTiles * (Double(o?.n ?? 0) / columns).rounded(.up) / units
                sink.add("waves", lg(waves))
                if tile == 64 || tile == 128 { sink.add("tail", waves > 0 && waves < 40 ? waves.rounded(.up) / waves : 1) }
            }
            sink.add("padding", rows > 0 ? rowTiles * Double(tile) / rows : .nan)
        }
    }

    func fillExchange(_ sink: inout some FeatureSink, _ device: DeviceScale) {
        guard case .collective(let o) = operators[costs.main] else { return }
        let members = Double(o.participants), link = fabric.inside ?? fabric.across
        sink.add("members", members)
        sink.add("kind", Double(Collective.Kind.allCases.firstIndex(of: o.kind) ?? -1))
        sink.add("bytes", lg(o.bytes.value))
        sink.add("bytes on the wire", lg(o.wireBytes.value))
        sink.add("bytes a peer", lg(o.bytes.value / members))
        sink.add("bits", o.format.bitsPerElement)
        sink.add("messages", lg(Double(o.messages)))
        sink.add("bytes a message", lg(o.messageBytes.value))
        sink.add("copies of a message", o.bytes.value / Double(o.messages) / o.messageBytes.value)
        sink.add("bytes / cache", lg(o.bytes.value / device.cache))
        sink.add("link bandwidth", lg((link?.bandwidth.value ?? .nan) / 1e9))
        sink.add("link latency", lg((link?.latency.value ?? .nan) * 1e6))
        sink.add("link / memory bandwidth", lg((link?.bandwidth.value ?? .nan) / device.bandwidth))
        sink.add("wire time", lg(o.wireBytes.value / (link?.bandwidth.value ?? .nan) * 1e6))
    }
}
