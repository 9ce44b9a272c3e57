#!/usr/bin/env python3
"""Times decoders with PyTorch on this machine's processor, as measured runs that `orrery compare` reads.

    orrery validate --output here
    Scripts/measure_pytorch_cpu.py --shapes here/decoders.csv --output torch.csv
    orrery compare --measured torch.csv --device here/host.json --calibration here/host.reference-kernels.json

The shapes are those of the file's fp32 rows that stay in memory. The modules are those of a Llama in huggingface/transformers
(LlamaRMSNorm, apply_rotary_pos_emb, LlamaMLP, a static cache), without the Python of its framework around them; mixtures
run one expert after the other. Rounds go through all decoders in turn. `--host-cost` prints instead what one small operator
costs, which is what a runtime declares as hostPerKernel. Needs PyTorch and nothing else.
"""
import argparse, csv, json, os, statistics, sys, time

COLUMNS = ["row_id", "source", "source_ref", "license", "trust", "device", "n_devices", "parallelism", "model", "precision", "phase_family", "phase", "batch",
           "input_len", "output_len", "metric", "value", "unit", "software", "op_params", "note"]
EXIT_DATA, EXIT_UNAVAILABLE = 65, 69


def fail(message, status):
    sys.stderr.write(f"error: {message}\n")
    sys.exit(status)


def shapes(path):
    """Decoders of a file of measured runs: sizes, batch and prompt of every fp32 prefill, the decode length beside it."""
    found = []
    try:
        with open(path, newline="") as file:
            for row in csv.DictReader(file):
                if row.get("precision") != "fp32" or row.get("phase_family") not in ("prefill", "decode"):
                    continue
                sizes = json.loads(row["op_params"])
                key = {name: sizes.get(name, 0) for name in ("layers", "hidden", "heads", "kv_heads", "head_dim", "inter", "vocabulary", "experts", "topk")}
                if row["phase_family"] == "prefill":
                    found.append(dict(key, batch=int(row["batch"]), prompt=int(row["input_len"])))
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        fail(f"{path}: cannot be read as measured runs of decoders: {error}", EXIT_DATA)
    if not found:
        fail(f"{path}: has no fp32 prefill of a decoder", EXIT_DATA)
    return found


class Decoder:
    def __init__(self, torch, shape, capacity):
        self.torch, self.shape, self.position = torch, shape, 0
        s = shape
        generator = torch.Generator().manual_seed(1)
        def matrix(n, k):
            return (torch.rand(n, k, generator=generator) - 0.5) * (12 / k) ** 0.5
        def network():
            return matrix(s["inter"], s["hidden"]), matrix(s["inter"], s["hidden"]), matrix(s["hidden"], s["inter"])
        q, kv = s["heads"] * s["head_dim"], s["kv_heads"] * s["head_dim"]
        self.layers = [dict(q=matrix(q, s["hidden"]), k=matrix(kv, s["hidden"]), v=matrix(kv, s["hidden"]), o=matrix(s["hidden"], q),
                            router=matrix(s["experts"], s["hidden"]) if s["experts"] else None, networks=[network() for _ in range(max(1, s["experts"]))],
                            norms=(torch.ones(s["hidden"]), torch.ones(s["hidden"])),
                            cache=torch.zeros(2, s["batch"], s["kv_heads"], capacity, s["head_dim"])) for _ in range(s["layers"])]
        self.embedding, self.head, self.norm_weight = matrix(s["vocabulary"], s["hidden"]), matrix(s["vocabulary"], s["hidden"]), torch.ones(s["hidden"])
        angles = torch.arange(capacity)[:, None] / 10000 ** (torch.arange(0, s["head_dim"], 2) / s["head_dim"])[None, :]
        angles = torch.cat((angles, angles), dim=-1)
        self.cosines, self.sines = angles.cos(), angles.sin()

    def norm(self, x, weight):
        variance = x.pow(2).mean(-1, keepdim=True)
        return weight * (x * self.torch.rsqrt(variance + 1e-5))

    def rotate(self, x, cosines, sines):
        half = x.shape[-1] // 2
        return x * cosines + self.torch.cat((-x[..., half:], x[..., :half]), dim=-1) * sines

    def attend(self, layer, x, tokens):
        linear, s, b = self.torch.nn.functional.linear, self.shape, self.shape["batch"]
        def heads(y, count):
            return y.view(b, tokens, count, s["head_dim"]).transpose(1, 2)
        q, k, v = heads(linear(x, layer["q"]), s["heads"]), heads(linear(x, layer["k"]), s["kv_heads"]), heads(linear(x, layer["v"]), s["kv_heads"])
        first, last = self.position, self.position + tokens
        cosines, sines = self.cosines[first:last], self.sines[first:last]
        q, k = self.rotate(q, cosines, sines), self.rotate(k, cosines, sines)
        layer["cache"][0, :, :, first:last] = k
        layer["cache"][1, :, :, first:last] = v
        keys, values = layer["cache"][0, :, :, :last], layer["cache"][1, :, :, :last]
        out = self.torch.nn.functional.scaled_dot_product_attention(q, keys, values, is_causal=tokens > 1, enable_gqa=True)
        return linear(out.transpose(1, 2).reshape(b, tokens, -1), layer["o"])

    def network(self, x, weights):
        linear, gate, up, down = self.torch.nn.functional.linear, *weights
        return linear(self.torch.nn.functional.silu(linear(x, gate)) * linear(x, up), down)

    def mixture(self, layer, x):
        torch, flat = self.torch, x.reshape(-1, x.shape[-1])
        scores, chosen = torch.nn.functional.linear(flat, layer["router"]).softmax(-1).topk(self.shape["topk"], dim=-1)
        scores = scores / scores.sum(-1, keepdim=True)
        out = torch.zeros_like(flat)
        for expert, weights in enumerate(layer["networks"]):
            tokens, place = (chosen == expert).nonzero(as_tuple=True)
            if tokens.numel():
                out.index_add_(0, tokens, self.network(flat[tokens], weights) * scores[tokens, place, None])
        return out.view_as(x)

    def run(self, ids):
        tokens = ids.shape[1]
        x = self.torch.nn.functional.embedding(ids, self.embedding)
        for layer in self.layers:
            x = x + self.attend(layer, self.norm(x, layer["norms"][0]), tokens)
            inner = self.norm(x, layer["norms"][1])
            x = x + (self.mixture(layer, inner) if layer["router"] is not None else self.network(inner, layer["networks"][0]))
        self.position += tokens
        return self.torch.nn.functional.linear(self.norm(x[:, -1:], self.norm_weight), self.head)


def measure(decoders, rounds, steps, progress):
    torch = decoders[0].torch
    times = [{"prefill": [], "decode": [], "context": 0} for _ in decoders]
    for turn in range(rounds + 1):
        for place, decoder in enumerate(decoders):
            progress(f"round {turn} of {rounds}, decoder {place + 1} of {len(decoders)}")
            s = decoder.shape
            ids = torch.arange(s["batch"] * s["prompt"]).view(s["batch"], -1) * 7919 % s["vocabulary"]
            for _ in range(3):
                decoder.position = 0
                start = time.perf_counter()
                decoder.run(ids)
                if turn > 0:
                    times[place]["prefill"].append(time.perf_counter() - start)
            token = ids[:, :1]
            decoder.run(token)
            times[place]["context"] = decoder.position + (steps + 1) // 2
            for _ in range(steps):
                start = time.perf_counter()
                decoder.run(token)
                if turn > 0:
                    times[place]["decode"].append(time.perf_counter() - start)
    return times


def host_cost(torch):
    """Seconds of a call whose work is nothing: the median over common operators of one element."""
    x, w = torch.ones(1, 1, 1), torch.ones(1, 1)
    costs = []
    for call in (lambda: x + x, lambda: x * x, lambda: torch.nn.functional.silu(x), lambda: torch.nn.functional.linear(x, w), lambda: x.pow(2), lambda: torch.cat((x, x), -1)):
        samples = []
        for _ in range(200):
            start = time.perf_counter()
            for _ in range(50):
                call()
            samples.append((time.perf_counter() - start) / 50)
        costs.append(statistics.median(samples))
    return statistics.median(costs)


def rows(decoders, times, torch, device):
    date, threads = time.strftime("%Y-%m-%d"), torch.get_num_threads()
    for decoder, timed in zip(decoders, times):
        s = decoder.shape
        for family, metric, length in (("prefill", "batch_ttft", s["prompt"]), ("decode", "tpot", timed["context"])):
            samples = sorted(timed[family])
            quarter = len(samples) // 4
            median = statistics.median(samples)
            sizes = {name: s[name] for name in ("layers", "hidden", "heads", "kv_heads", "head_dim", "inter", "vocabulary", "experts", "topk") if s[name]}
            sizes.update(repeats=len(samples), spread=round((samples[-1 - quarter] - samples[quarter]) / median, 4))
            yield ["Scripts/measure_pytorch_cpu.py", date, "", "", device, 1, "", f"decoder {s['layers']}x{s['hidden']}", "fp32", family, family, s["batch"], length, 1,
                   metric, median * 1e3, "ms", f"pytorch-cpu {torch.__version__} ({threads} threads)", json.dumps(sizes), "random weights"]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", metavar="FILE", help="measured runs of decoders, as orrery validate keeps them")
    parser.add_argument("--output", metavar="FILE", help="the CSV file to write")
    parser.add_argument("--device", default="host", help="what the rows call the processor")
    parser.add_argument("--threads", type=int, default=0, help="threads of PyTorch; all that the process may use unless given")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=16, help="decode steps in a round")
    parser.add_argument("--host-cost", action="store_true", help="print what a small operator costs and measure nothing else")
    options = parser.parse_args(argv)
    try:
        import torch
    except ImportError:
        fail("PyTorch is not installed: `pip install torch --index-url https://download.pytorch.org/whl/cpu`", EXIT_UNAVAILABLE)
    torch.set_num_threads(options.threads or len(os.sched_getaffinity(0)))
    torch.set_grad_enabled(False)
    if options.host_cost:
        print(f"{host_cost(torch) * 1e6:.2f} us")
        return
    if not options.shapes or not options.output:
        parser.error("--shapes and --output are needed")
    shows = sys.stderr.isatty()
    decoders = [Decoder(torch, shape, shape["prompt"] + options.steps + 2) for shape in shapes(options.shapes)]
    times = measure(decoders, options.rounds, options.steps, lambda text: shows and sys.stderr.write(f"\r\033[K{text}"))
    if shows:
        sys.stderr.write("\r\033[K")
    partial = options.output + ".partial"
    with open(partial, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number, row in enumerate(rows(decoders, times, torch, options.device)):
            writer.writerow([f"p{number + 1}"] + row)
    os.replace(partial, options.output)


if __name__ == "__main__":
    main()
