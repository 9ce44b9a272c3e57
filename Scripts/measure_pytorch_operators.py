#!/usr/bin/env python3
"""Times PyTorch's operators on this machine's processor, as measured runs that `orrery calibrate` fits a runtime to.

    orrery measure cpu --probe-only --device-output here/host.json --storage-output here/host-drive.json
    Scripts/measure_pytorch_operators.py --output here/pytorch.csv
    orrery calibrate --measured here/pytorch.csv --device here/host.json --runtime pytorch-cpu --out here/host.pytorch-cpu.json

Products of few and of many rows over weights of many shapes, and scaled dot-product attention of prompts and of decode steps, in
fp32: what the kernels of the library reach, which no datasheet says. Weights and cached keys take turns among copies that are
together four times the last-level cache; activations are warm. Rounds go through all in another order each. None of the shapes
is one of the decoders of measure_pytorch_cpu.py. Needs PyTorch and nothing else.
"""
import argparse, csv, json, os, random, statistics, sys, time
from measure_pytorch_cpu import COLUMNS, EXIT_UNAVAILABLE, fail

WEIGHTS = [(256, 1536), (640, 1280), (1280, 1280), (3584, 1280), (1280, 3584), (1536, 1536), (6144, 1536), (1536, 6144), (10240, 1280)]
ROWS = [1, 2, 3, 4, 6, 8, 16, 32, 64, 128, 256, 512]
# Batch, query heads, cached heads, head dimension.
HEADS = [(1, 12, 12, 64), (1, 20, 5, 64), (2, 24, 8, 64), (8, 12, 4, 64), (1, 16, 16, 128), (1, 24, 6, 128), (4, 20, 5, 128)]
PROMPTS, CONTEXTS = [32, 96, 160, 320], [48, 144, 288, 576, 1152]
# Of a last-level cache, where the system does not state it.
USUAL_CACHE = 32 << 20


def last_level_cache():
    """Bytes of the largest cache that the system states for the first core; what is usual where it states none."""
    sizes = []
    folder = "/sys/devices/system/cpu/cpu0/cache"
    for entry in os.listdir(folder) if os.path.isdir(folder) else []:
        try:
            with open(f"{folder}/{entry}/size") as file:
                text = file.read().strip()
            sizes.append(int(text[:-1]) << {"K": 10, "M": 20, "G": 30}[text[-1]])
        except (OSError, ValueError, KeyError, IndexError):
            continue
    return max(sizes, default=USUAL_CACHE)


class Operator:
    """One operator on copies of its operands: `call(number)` runs it on one of them."""

    def __init__(self, family, phase, sizes, copies, call):
        self.family, self.phase, self.sizes, self.copies, self.call = family, phase, sizes, copies, call
        self.times, self.next = [], 0

    def once(self):
        self.next = (self.next + 1) % self.copies
        start = time.perf_counter()
        self.call(self.next)
        return time.perf_counter() - start

    def measure(self, seconds, least=3, most=40):
        first = self.once()
        for _ in range(max(least, min(most, int(seconds / max(first, 1e-9))))):
            self.times.append(self.once())


def copies_of(size, pool):
    return max(2, -(-pool // size))


def products(torch, pool, weights, rows):
    # One weight pool for all shapes: a window of it is a matrix.
    store = torch.rand(max(pool // 4, max(n * k for n, k in weights) * 2)) - 0.5
    for n, k in weights:
        count = min(store.numel() // (n * k), copies_of(n * k * 4, pool))
        matrices = [store[i * n * k:(i + 1) * n * k].view(n, k) for i in range(count)]
        for m in rows:
            x = torch.rand(m, k) - 0.5
            yield Operator("gemm", "matmul", dict(m=m, n=n, k=k), count,
                           lambda i, x=x, matrices=matrices: torch.nn.functional.linear(x, matrices[i]))


def attentions(torch, pool, heads, prompts, contexts):
    attend = torch.nn.functional.scaled_dot_product_attention
    def shaped(b, tokens, count, d):
        return (torch.rand(b, tokens, count, d) - 0.5).transpose(1, 2)
    for b, h, kv, d in heads:
        for tokens in prompts:
            q, k, v = shaped(b, tokens, h, d), torch.rand(b, kv, tokens, d) - 0.5, torch.rand(b, kv, tokens, d) - 0.5
            yield Operator("attn_prefill", "attention", dict(batch=b, input_len=tokens, heads=h, kv_heads=kv, head_dim=d), 1,
                           lambda i, q=q, k=k, v=v: attend(q, k, v, is_causal=True, enable_gqa=True))
        for context in contexts:
            q, size = shaped(b, 1, h, d), 2 * b * kv * context * d
            # A cache has room for more tokens than it holds.
            caches = [torch.rand(2, b, kv, context + 16, d) - 0.5 for _ in range(min(64, copies_of(size * 4, pool)))]
            yield Operator("attn_decode", "attention", dict(batch=b, input_len=context, output_len=1, kv_len=context, heads=h, kv_heads=kv, head_dim=d), len(caches),
                           lambda i, q=q, caches=caches, context=context: attend(q, caches[i][0, :, :, :context], caches[i][1, :, :, :context], enable_gqa=True))


def records(operators, torch, device):
    date, software = time.strftime("%Y-%m-%d"), f"pytorch-cpu {torch.__version__} ({torch.get_num_threads()} threads)"
    for operator in operators:
        samples = sorted(operator.times)
        quarter, median = len(samples) // 4, statistics.median(samples)
        sizes = dict(operator.sizes)
        batch, prompt, output = sizes.pop("batch", ""), sizes.pop("input_len", ""), sizes.pop("output_len", "")
        sizes.update(repeats=len(samples), spread=round((samples[-1 - quarter] - samples[quarter]) / median, 4))
        yield ["Scripts/measure_pytorch_operators.py", date, "", "", device, 1, "", "", "fp32", operator.family, operator.phase, batch, prompt, output,
               "kernel_latency", median * 1e3, "ms", software, json.dumps(sizes), "weights and caches out of the processor's caches"]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", metavar="FILE", required=True, help="the CSV file to write")
    parser.add_argument("--device", default="host", help="what the rows call the processor")
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch; all that the process may use unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.03, help="how long to repeat an operator in a round")
    parser.add_argument("--tiny", action="store_true", help="a few small operators: to see whether it works")
    options = parser.parse_args(argv)
    try:
        import torch
    except ImportError:
        fail("PyTorch is not installed: `pip install torch --index-url https://download.pytorch.org/whl/cpu`", EXIT_UNAVAILABLE)
    torch.set_num_threads(options.threads or len(os.sched_getaffinity(0)))
    torch.set_grad_enabled(False)
    pool = 1 << 20 if options.tiny else 4 * last_level_cache()
    if options.tiny:
        operators = [*products(torch, pool, [(32, 64), (64, 32)], [1, 4]), *attentions(torch, pool, [(1, 4, 2, 8)], [16], [16])]
    else:
        operators = [*products(torch, pool, WEIGHTS, ROWS), *attentions(torch, pool, HEADS, PROMPTS, CONTEXTS)]
    shows, order = sys.stderr.isatty(), random.Random(1)
    for turn in range(options.rounds):
        for place, operator in enumerate(order.sample(operators, len(operators))):
            if shows:
                sys.stderr.write(f"\r\033[Kround {turn + 1} of {options.rounds}, operator {place + 1} of {len(operators)}")
            operator.measure(options.seconds)
    if shows:
        sys.stderr.write("\r\033[K")
    partial = options.output + ".partial"
    with open(partial, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number, row in enumerate(records(operators, torch, options.device)):
            writer.writerow([f"o{number + 1}"] + row)
    os.replace(partial, options.output)


if __name__ == "__main__":
    main()
