"""Whole decoders: prefill of a batch of prompts, and one decode step at a context, launched eagerly and as a CUDA graph."""
import torch
from ..llama import SHAPES, TINY, Decoder

POINTS = [(1, 128), (1, 1024), (1, 4096), (4, 512), (8, 1024), (16, 512), (32, 1024), (64, 512), (128, 512)]
EAGER, GRAPH = "pytorch-eager", "cuda-graph PyTorch"


def run(lab):
    shapes, points = (SHAPES, POINTS) if not lab.tiny else ([TINY], [(1, 8), (2, 4)])
    for shape in lab.each(shapes):
        lab.attempt(shape.name, lambda: model(lab, shape, points))


def model(lab, shape, points):
    """Weights are made once a model; the cache of each point is a part of the largest that fits."""
    weights = 2 * shape.parameters
    spare = 0.85 * lab.machine.free_bytes - weights
    # Activations of a prefill: the widest are gate and up, and a handful of tensors of the hidden size.
    fitting = [(b, n) for b, n in points if shape.cache_bytes(b, n + 1) + b * n * (6 * shape.inner + 12 * shape.hidden) < spare]
    if not fitting:
        raise RuntimeError(f"{weights / 1e9:.0f} GB of weights do not fit in the free memory")
    decoder = Decoder(shape, 1, 1, lab.device)
    for batch, length in lab.each(fitting):
        lab.attempt(f"{shape.name} {batch}×{length}", lambda: point(lab, decoder, batch, length))


def resize(decoder, batch, length):
    """The same weights with the cache and the angles of another point."""
    sized = Decoder.__new__(Decoder)
    sized.__dict__.update(decoder.__dict__)
    s, like, d = decoder.shape, decoder.norm, decoder.shape.head_dim
    sized.length = length
    sized.cache = [torch.zeros(2, batch, s.kv_heads, length, d, dtype=like.dtype, device=like.device) for _ in range(s.layers)]
    angles = torch.outer(torch.arange(length, device=like.device).float(), 500000.0 ** -(torch.arange(0, d, 2, device=like.device).float() / d))
    sized.cos, sized.sin = angles.cos().to(like.dtype), angles.sin().to(like.dtype)
    return sized


def point(lab, decoder, batch, length):
    sized = resize(decoder, batch, length + 1)
    shape = decoder.shape
    prompt = torch.randint(0, shape.vocabulary, (batch, length), device=lab.device)
    token = torch.randint(0, shape.vocabulary, (batch, 1), device=lab.device)
    common = {"model": shape.name, "precision": "bf16", "batch": batch, "input_len": length}
    for capture in ([False, True] if lab.machine.is_gpu else [False]):
        software = GRAPH if capture else EAGER
        for phase, work in (("prefill", lambda i: sized.step(prompt, 0)), ("decode", lambda i: sized.step(token, length))):
            timing = lab.watch.time(work, cold=False, capture=capture, calls=1)
            if capture and not timing.captured:
                lab.say(f"{shape.name} {phase} {batch}×{length}: could not be captured")
                continue
            metric = "batch_ttft" if phase == "prefill" else "tpot"
            # The step stands at a context of input_len cached tokens: output_len 1, so that the mean context is that.
            lab.table.add(phase, phase, metric, timing.median * 1e3, "ms", spread=timing.spread, software=software,
                          output_len=1, params={"repeats": timing.repeats}, note="random weights, logits of the last token", **common)
