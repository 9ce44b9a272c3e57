"""Norms, softmax, gates, rotary embedding, residual sums: kernels that only move data. Operands are cold."""
import torch
import torch.nn.functional as F

ROWS, WIDTHS = [1, 16, 256, 4096, 16384], [2048, 4096, 8192, 14336]


def kernels(lab, rows, width):
    """Name, what makes one set of operands, the work, and bytes that have to move."""
    element = 2
    weight = lab.random(width)
    half = torch.randn(rows, width // 2, device=lab.device).to(torch.bfloat16)
    yield "rms_norm", 1, lambda x: F.rms_norm(x[0], (width,), weight), (2 * rows + 1) * width * element
    yield "layer_norm", 1, lambda x: F.layer_norm(x[0], (width,), weight, weight), (2 * rows + 2) * width * element
    yield "softmax", 1, lambda x: torch.softmax(x[0], -1), 2 * rows * width * element
    yield "gelu", 1, lambda x: F.gelu(x[0]), 2 * rows * width * element
    yield "silu_mul", 2, lambda x: F.silu(x[0]) * x[1], 5 * rows * width * element  # two kernels: an intermediate is written and read
    yield "add", 2, lambda x: x[0] + x[1], 3 * rows * width * element
    yield "rotary", 1, lambda x: rotate(x[0], half, half), 3 * rows * width * element


def rotate(x, cos, sin):
    """As a plain PyTorch model writes it: several kernels."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def run(lab):
    rows, widths = (ROWS, WIDTHS) if not lab.tiny else ([1, 8], [64])
    for r, w in lab.each((r, w) for r in rows for w in widths):
        for name, operands, work, moved in kernels(lab, r, w):
            lab.attempt(f"{name} {r}×{w}", lambda: measure(lab, name, operands, work, moved, r, w))


def measure(lab, name, operands, work, moved, rows, width):
    copies = lab.watch.copies(operands * rows * width * 2)
    sets = [[lab.random(rows, width) for _ in range(operands)] for _ in range(copies)]
    timing = lab.watch.time(lambda i: work(sets[i % copies]))
    lab.table.timed("elementwise", name, timing, precision="bfloat16", params={"rows": rows, "width": width, "bytes": moved, "operands": "cold"})
