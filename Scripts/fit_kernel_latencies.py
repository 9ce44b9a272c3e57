#!/usr/bin/env python3
"""Fits the two latency parameters of the cycle cost model from measured kernels.

    Scripts/fit_kernel_latencies.py OPERATORS [HardwareSpecs/devices]

OPERATORS is a folder with train.gemm.csv.gz and train.attn_decode.csv.gz (kernel tables of ai-dynamo/aiconfigurator,
Apache-2.0). Printed for each device, with the rows used and their spread, both in units of the device's memory latency:

  GEMMTiling.firstAccesses         median over products of at most 8 rows and 1 to 64 MB of weights in bf16 of
                                   (time - bytes / achieved bandwidth - shortest kernel - gap) / memory latency,
                                   the gap being that to the kernel which adds up the parts of a split reduction: few
                                   rows are always split, and the model counts that kernel by itself
  AttentionKernel.dependentAccesses  slope of decode time over waves of blocks (one block a unit and cached head) at
                                   contexts of at most 16 keys, by least squares on the medians of each wave count

The value in the source is the median over devices and libraries, rounded.
"""
import collections, csv, gzip, json, os, statistics, sys

DEVICES = {"a100_sxm": "a100-sxm-80gb", "h100_sxm": "h100-sxm", "h200_sxm": "h200-sxm"}
SCALES = {"ns": 1e-9, "us": 1e-6, "GB/s": 1e9}


def quantity(text):
    value, unit = text.split()
    return float(value) * SCALES[unit]


def facts(folder, name):
    with open(os.path.join(folder, DEVICES[name] + ".json")) as file:
        spec = json.load(file)
    dram = next(level for level in spec["memory"] if level["level"] == "dram")
    return {
        "latency": quantity(dram["latency"]),
        "bandwidth": quantity(spec["achieved"]["bandwidth"]["dram"]),
        "shortest": quantity(spec["kernel"]["floor"]) + quantity(spec["kernel"]["graphGap"]),
        "gap": quantity(spec["kernel"]["graphGap"]),
        "units": spec["units"],
    }


def rows(folder, table):
    with gzip.open(os.path.join(folder, table), "rt") as file:
        yield from csv.DictReader(file)


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:6.2f}   quartiles {low:.2f} to {high:.2f}   {len(values)} rows"


def products(folder, specs):
    found = collections.defaultdict(list)
    for row in rows(folder, "train.gemm.csv.gz"):
        if row["device"] not in specs or row["dtype"] != "bfloat16":
            continue
        m, n, k = (int(float(row[key])) for key in "mnk")
        weights = 2 * n * k
        if m > 8 or not 1e6 <= weights <= 64e6:
            continue
        fact = specs[row["device"]]
        beyond = float(row["latency_ms"]) * 1e-3 - (weights + 2 * m * (n + k)) / fact["bandwidth"] - fact["shortest"] - fact["gap"]
        found[row["device"], row["framework"]].append(beyond / fact["latency"])
    print("GEMMTiling.firstAccesses")
    for key, values in sorted(found.items()):
        print(f"  {key[0]:10} {key[1]:8} {spread(values)}")
    print(f"  median of {len(found)}: {statistics.median(statistics.median(v) for v in found.values()):.2f}")


def slope(points):
    xs, ys = zip(*points)
    x, y = statistics.mean(xs), statistics.mean(ys)
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a in xs)


def decode(folder, specs):
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows(folder, "train.attn_decode.csv.gz"):
        if row["device"] not in specs or row["kv_cache_dtype"] != "bfloat16" or row["head_dim"] != "128":
            continue
        if int(row["isl"]) + int(row["step"]) > 16 or (row["window_size"] or "0") != "0":
            continue
        heads = int(row["num_key_value_heads"]) or int(row["num_heads"])
        waves = -(-int(row["batch_size"]) * heads // specs[row["device"]]["units"])
        found[row["device"], row["kernel_source"]][waves].append(float(row["latency_ms"]) * 1e-3)
    print("AttentionKernel.dependentAccesses")
    fitted = []
    for key, waves in sorted(found.items()):
        points = [(count, statistics.median(times)) for count, times in waves.items()]
        if len(points) < 8:
            continue
        value = slope(points) / specs[key[0]]["latency"]
        fitted.append(value)
        print(f"  {key[0]:10} {key[1]:22} {value:6.2f}   {len(points)} wave counts, {sum(map(len, waves.values()))} rows")
    print(f"  median of {len(fitted)}: {statistics.median(fitted):.2f}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    specs = {name: facts(sys.argv[2] if len(sys.argv) == 3 else "HardwareSpecs/devices", name) for name in DEVICES}
    products(sys.argv[1], specs)
    decode(sys.argv[1], specs)
