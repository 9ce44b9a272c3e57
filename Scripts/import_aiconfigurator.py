#!/usr/bin/env python3
"""Turns kernel tables of AIConfigurator into operator tables that `orrery compare` and `orrery calibrate` read.

    Scripts/import_aiconfigurator.py --output gemm.csv systems/data/h100_sxm/gemm/trtllm/1.3.0/gemm_perf.parquet
    Scripts/import_aiconfigurator.py --output nccl.csv --device h100_sxm nccl_perf.txt

Reads Parquet (which needs pyarrow) and the comma-separated text that the collectors write. Columns as in the collectors
(ai-dynamo/aiconfigurator, collector/): what is measured is told by the name of the dtype column. Latencies are
milliseconds there, microseconds for the tables of DeepEP (moe_all2all), which are not read.
"""
import argparse, csv, os, sys

# The column that only one kind of table has, and the operator; attention is told apart by its file's name.
KINDS = [("gemm_dtype", "gemm"), ("moe_dtype", "moe_gemm"), ("nccl_dtype", "comm"), ("allreduce_dtype", "comm"), ("attn_dtype", "attention")]
SHAPES = {
    "gemm": ["dtype", "m", "n", "k"],
    "moe_gemm": ["dtype", "num_tokens", "hidden_size", "inter_size", "topk", "num_experts", "moe_tp_size", "moe_ep_size", "distribution"],
    "comm": ["dtype", "collective", "num_gpus", "message_size"],
    "attn_prefill": ["attn_dtype", "kv_cache_dtype", "batch_size", "isl", "step", "num_heads", "num_key_value_heads", "head_dim", "window_size"],
}
SHAPES["attn_decode"] = SHAPES["attn_prefill"]
OPTIONAL = {"window_size", "step", "distribution"}


class BadTable(Exception):
    pass


def kind(path, columns):
    for column, operator in KINDS:
        if column in columns:
            if operator != "attention":
                return operator, column
            name = os.path.basename(path)
            if "generation" in name or "context" in name:
                return ("attn_decode" if "generation" in name else "attn_prefill"), column
            raise BadTable(f"{path}: attention of prefill or decode? the file's name has neither \"context\" nor \"generation\" in it")
    raise BadTable(f"{path}: is no table that is known: it has no column {', '.join(c for c, _ in KINDS[:-1])} or {KINDS[-1][0]}")


def batches(path):
    """Lists of rows as dictionaries."""
    with open(path, "rb") as file:
        packed = file.read(4) == b"PAR1"
    if not packed:
        with open(path, newline="") as file:
            reader = csv.DictReader(file)
            yield list(reader)
        return
    try:
        import pyarrow.parquet
    except ImportError:
        raise BadTable(f"{path}: is Parquet, which needs pyarrow: `pip install pyarrow`") from None
    try:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(65536):
            yield batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise BadTable(f"{path}: cannot be read: {error}") from None


def convert(path, device=None):
    """Rows of the operator table; the first is its header."""
    header = None
    for rows in batches(path):
        for row in rows:
            if header is None:
                operator, dtype = kind(path, row)
                shape = SHAPES[operator]
                header = ["op", "device", "framework", "version", "kernel_source"] + shape + ["latency_ms", "power"]
                sources = {name: name for name in shape}
                if "dtype" in sources:
                    sources["dtype"] = dtype
                if operator == "comm":
                    sources["collective"] = "op_name"
                missing = [source for name, source in sources.items() if source not in row and name not in OPTIONAL]
                if missing or "latency" not in row:
                    raise BadTable(f"{path}: there is no column {', '.join(missing or ['latency'])}")
                yield header
            values = {name: row.get(source) for name, source in sources.items()}
            if dtype == "allreduce_dtype":
                values["collective"] = "custom_all_reduce"
            fixed = [operator, device or row.get("device"), row.get("framework"), row.get("version"), row.get("kernel_source")]
            yield ["" if v is None else v for v in fixed + [values[name] for name in shape] + [row["latency"], row.get("power")]]
    if header is None:
        raise BadTable(f"{path}: has no rows")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("--output", required=True, metavar="FILE", help="the CSV file to write")
    parser.add_argument("--device", help="what to call the device, instead of what the table says")
    options = parser.parse_args(argv)
    partial = options.output + ".partial"
    try:
        with open(partial, "w", newline="") as file:
            count = -1
            for count, row in enumerate(convert(options.table, options.device)):
                if count == 0:
                    writer = csv.writer(file, lineterminator="\n")
                writer.writerow(row)
        os.replace(partial, options.output)
    except (BadTable, OSError, UnicodeDecodeError, csv.Error) as error:
        if os.path.exists(partial):
            os.remove(partial)
        sys.stderr.write(f"error: {error}\n")
        sys.exit(65)
    sys.stderr.write(f"{options.output}: {count} rows\n")


if __name__ == "__main__":
    main()
