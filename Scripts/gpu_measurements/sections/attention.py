"""Scaled dot-product attention as PyTorch chooses it: causal prefill, and decode of one query over a cold cache."""
import torch
from torch.nn.functional import scaled_dot_product_attention

HEADS = [(32, 8, 64), (32, 8, 128), (64, 8, 128), (32, 32, 128), (16, 2, 128), (28, 4, 128)]
PREFILL = [(1, 128), (1, 512), (1, 1024), (1, 2048), (1, 4096), (1, 8192), (1, 16384), (4, 1024), (8, 2048), (16, 512), (32, 128)]
DECODE = [(1, 128), (1, 1024), (1, 4096), (1, 16384), (1, 65536), (8, 512), (8, 2048), (8, 8192), (32, 512), (32, 2048), (32, 8192),
          (128, 512), (128, 2048), (256, 1024)]


def run(lab):
    heads, prefill, decode = HEADS, PREFILL, DECODE
    if lab.tiny:
        heads, prefill, decode = [(4, 2, 8)], [(1, 16), (2, 8)], [(1, 16), (2, 8)]
    cases = [(shape, "attn_prefill", *at) for at in prefill for shape in heads] + [(shape, "attn_decode", *at) for at in decode for shape in heads]
    # Alternating, so that a section cut short has some of both.
    half = len(prefill) * len(heads)
    order = sorted(range(len(cases)), key=lambda i: i / half if i < half else (i - half) / (len(cases) - half))
    for (h, kv, d), phase, batch, length in lab.each(cases[i] for i in order):
        lab.attempt(f"{phase} {batch}×{length}, {h}/{kv} heads of {d}", lambda: attend(lab, phase, batch, length, h, kv, d))


def attend(lab, phase, batch, length, heads, kv_heads, dimension):
    decodes = phase == "attn_decode"
    queries, cache = (1 if decodes else length), 2 * batch * kv_heads * length * dimension * 2
    copies = lab.watch.copies(cache) if decodes else 1
    if not lab.fits(copies * cache + 4 * batch * heads * queries * dimension * 2):
        raise RuntimeError("does not fit in the free memory")
    q = lab.random(batch, heads, queries, dimension)
    pairs = [(lab.random(batch, kv_heads, length, dimension), lab.random(batch, kv_heads, length, dimension)) for _ in range(copies)]

    def body(i):
        k, v = pairs[i % copies]
        return scaled_dot_product_attention(q, k, v, is_causal=not decodes, enable_gqa=kv_heads != heads)

    timing = lab.watch.time(body)
    params = {"heads": heads, "kv_heads": kv_heads, "head_dim": dimension, "window": 0, "cache": "cold" if decodes else "warm"}
    if decodes:
        params["kv_len"] = length
    lab.table.timed("attn_decode" if decodes else "attn_prefill", phase, timing, precision="bfloat16", batch=batch, input_len=length,
                    output_len=1 if decodes else "", params=params, note="attention alone: nothing is written to the cache")
