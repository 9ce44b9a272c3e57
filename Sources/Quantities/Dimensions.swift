/// SI prefixes put before a unit, smallest first.
private func prefixed(_ symbol: String, _ prefixes: [(String, Double)], times base: Double = 1) -> [Unit] {
    prefixes.map { Unit($0.0 + symbol, $0.1 * base) }
}

private let large = [("", 1.0), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12), ("P", 1e15), ("E", 1e18)]
private let binary = [("Ki", 1024.0), ("Mi", 1048576.0), ("Gi", 1073741824.0), ("Ti", 1099511627776.0)]

public enum TimeDimension: Dimension {
    public static let label = "time"
    public static let units = prefixed("s", [("", 1), ("m", 1e-3), ("u", 1e-6), ("µ", 1e-6), ("n", 1e-9), ("p", 1e-12)])
    public static let printed = ["ps", "ns", "us", "ms", "s"]
}

public enum SizeDimension: Dimension {
    public static let label = "size"
    public static let units = prefixed("B", large) + prefixed("B", binary) + [Unit("KB", 1e3)]
    public static let printed = ["B", "KiB", "MiB", "GiB", "TiB"]
}

public enum BandwidthDimension: Dimension {
    public static let label = "bandwidth"
    public static let units = prefixed("B/s", large) + prefixed("B/s", binary) + prefixed("b/s", large, times: 0.125)
    public static let printed = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"]
}

public enum WorkDimension: Dimension {
    public static let label = "amount of work"
    public static let units = prefixed("FLOP", large) + prefixed("OP", large)
    public static let printed = ["FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP"]
}

public enum ComputeDimension: Dimension {
    public static let label = "compute rate"
    public static let units = prefixed("FLOP/s", large) + prefixed("OP/s", large)
    public static let printed = ["FLOP/s", "kFLOP/s", "MFLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s", "EFLOP/s"]
}

public enum FrequencyDimension: Dimension {
    public static let label = "frequency"
    public static let units = prefixed("Hz", large)
    public static let printed = ["Hz", "kHz", "MHz", "GHz"]
}

public enum EnergyDimension: Dimension {
    public static let label = "energy"
    public static let units = [Unit("J", 1), Unit("mJ", 1e-3), Unit("uJ", 1e-6), Unit("nJ", 1e-9), Unit("pJ", 1e-12),
                               Unit("kJ", 1e3), Unit("MJ", 1e6), Unit("Wh", 3600), Unit("kWh", 3.6e6)]
    public static let printed = ["pJ", "nJ", "uJ", "mJ", "J", "kJ", "MJ"]
}

public enum PowerDimension: Dimension {
    public static let label = "power"
    public static let units = [Unit("W", 1), Unit("mW", 1e-3), Unit("kW", 1e3), Unit("MW", 1e6)]
    public static let printed = ["mW", "W", "kW", "MW"]
}

public enum EnergyPerByteDimension: Dimension {
    public static let label = "energy per byte"
    public static let units = [Unit("J/B", 1), Unit("pJ/B", 1e-12), Unit("nJ/B", 1e-9), Unit("pJ/bit", 8e-12), Unit("J/GB", 1e-9)]
    public static let printed = ["pJ/B", "nJ/B"]
}

public enum EnergyPerFlopDimension: Dimension {
    public static let label = "energy per operation"
    public static let units = [Unit("J/FLOP", 1), Unit("pJ/FLOP", 1e-12), Unit("fJ/FLOP", 1e-15), Unit("pJ/OP", 1e-12), Unit("fJ/OP", 1e-15)]
    public static let printed = ["fJ/FLOP", "pJ/FLOP"]
}

public enum CycleDimension: Dimension {
    public static let label = "number of cycles"
    public static let units = [Unit("cycles", 1), Unit("cycle", 1)]
    public static let printed = ["cycles"]
}

public enum FlopsPerCycleDimension: Dimension {
    public static let label = "rate per cycle"
    public static let units = [Unit("FLOP/cycle", 1), Unit("OP/cycle", 1), Unit("FMA/cycle", 2), Unit("MAC/cycle", 2)]
    public static let printed = ["FLOP/cycle"]
}

public enum BytesPerCycleDimension: Dimension {
    public static let label = "bytes per cycle"
    public static let units = [Unit("B/cycle", 1), Unit("KiB/cycle", 1024)]
    public static let printed = ["B/cycle"]
}

public enum BitDimension: Dimension {
    public static let label = "width in bits"
    public static let units = [Unit("bit", 1), Unit("bits", 1)]
    public static let printed = ["bit"]
}
