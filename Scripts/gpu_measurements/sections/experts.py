"""The experts of a mixture on one device, from the choice of experts to the weighted sum, with cold weights.

Softmax and choice over given logits, permutation, both grouped products with the gate between them, weighted sum. How many
tokens each expert gets is fixed beforehand (evenly, or by Zipf's law), so that it does not depend on chance.

With PyTorch's grouped product where it has one (`_grouped_mm`, Hopper and later), else one product for each expert that
has tokens, which is what a plain PyTorch model does.
"""
import torch
import torch.nn.functional as F

# hidden, intermediate, experts, chosen: Mixtral-8x7B, Qwen3-30B-A3B, DeepSeek-V3 with 32 of its 256 experts on this device.
MODELS = [(4096, 14336, 8, 2), (2048, 768, 128, 8), (7168, 2048, 32, 8)]
TOKENS = [1, 8, 64, 256, 1024, 4096]


def run(lab):
    models, tokens = (MODELS, TOKENS) if not lab.tiny else ([(16, 32, 4, 2)], [1, 8])
    cases = [(shape, t, law) for shape in models for t in tokens for law in ("balanced", "zipf_1")]
    for shape, t, law in lab.each(cases):
        lab.attempt(f"{shape} {t} tokens {law}", lambda: measure(lab, *shape, t, law))


def counts(rows, experts, law):
    """Rows of each expert; they add up to `rows`, none below 0."""
    weights = [1.0] * experts if law == "balanced" else [(e + 1) ** -float(law.rsplit("_", 1)[1]) for e in range(experts)]
    exact = [rows * w / sum(weights) for w in weights]
    whole = [int(x) for x in exact]
    # Largest remainders take what rounding down left over.
    for e in sorted(range(experts), key=lambda e: whole[e] - exact[e])[:rows - sum(whole)]:
        whole[e] += 1
    return whole


def measure(lab, hidden, inner, experts, chosen, tokens, law):
    size = 3 * experts * hidden * inner * 2
    copies = min(lab.watch.copies(size), 4)
    if not lab.fits(copies * size):
        raise RuntimeError("does not fit in the free memory")
    rows = counts(tokens * chosen, experts, law)
    offsets = torch.tensor(rows, device=lab.device).cumsum(0).to(torch.int32)
    # Row r of the permuted input is a choice of token r mod tokens: each token is there as often as it has choices.
    token = torch.arange(tokens * chosen, device=lab.device) % tokens
    x, logits = lab.random(tokens, hidden), lab.random(tokens, experts)
    sets = [(lab.random(experts, 2 * inner, hidden, scale=hidden ** -0.5), lab.random(experts, hidden, inner, scale=inner ** -0.5)) for _ in range(copies)]
    grouped = lab.machine.capability >= (9, 0) and hasattr(torch, "_grouped_mm")

    def product(x, w):
        if grouped:
            return torch._grouped_mm(x, w.transpose(-2, -1), offs=offsets)
        return torch.cat([part @ w[e].t() for e, part in enumerate(x.split(rows)) if rows[e]])

    def body(i):
        up, down = sets[i % copies]
        weights, _ = torch.softmax(logits, -1).topk(chosen, -1)
        gate, linear = product(x.index_select(0, token), up).chunk(2, -1)
        y = product(F.silu(gate) * linear, down) * weights.t().reshape(-1, 1)
        return torch.zeros_like(x).index_add_(0, token, y)

    timing = lab.watch.time(body)
    lab.table.timed("moe_gemm", "moe_experts", timing, precision="bfloat16", batch=tokens,
                    params={"hidden": hidden, "inter": inner, "topk": chosen, "experts": experts, "dist": law, "tokens": tokens,
                            "kernel": "torch_grouped_mm" if grouped else "torch_loop", "weights": "cold"})
