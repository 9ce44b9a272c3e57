"""C[m,n] = A[m,k] · B[k,n] over shapes of real models, odd ones and batched ones. Weights are cold, activations warm."""
import torch

# n × k of the layers of Llama-3.2-1B, Llama-3.1-8B and -70B (a fused QKV, output, gate and up, down projection) and DeepSeek-V3.
LAYERS = [(3072, 2048), (2048, 2048), (16384, 2048), (2048, 8192), (6144, 4096), (4096, 4096), (28672, 4096), (4096, 14336),
          (10240, 8192), (8192, 8192), (57344, 8192), (8192, 28672), (1536, 7168), (24576, 1536), (7168, 2048)]
TOKENS = [1, 2, 8, 16, 64, 256, 1024, 4096, 16384]
ODD = [(1, 1000, 1000), (17, 333, 517), (100, 4097, 4096), (127, 127, 127), (300, 5000, 3000), (1000, 1000, 1000), (33, 128256, 2048),
       (4096, 64, 4096), (8192, 8192, 64), (64, 64, 65536)]
SQUARES = [128, 256, 512, 1024, 2048, 4096, 8192, 16384]
BATCHED = [(32, 128, 128, 128), (64, 512, 512, 64), (256, 64, 1024, 128), (8, 2048, 2048, 128)]


def run(lab):
    shapes = [(m, n, k) for n, k in LAYERS for m in TOKENS] + ODD + [(s, s, s) for s in SQUARES]
    batched = BATCHED
    if lab.tiny:
        shapes, batched = [(4, 64, 32), (17, 33, 65)], [(2, 8, 8, 8)]
    # The formats take turns, so that a section cut short has some of each.
    cases = [(kind, shape) for shape in shapes for kind in ("bfloat16", "fp8", "int8")]
    for kind, (m, n, k) in lab.each(cases):
        lab.attempt(f"{kind} {m}×{n}×{k}", lambda: product(lab, kind, m, n, k))
    for b, m, n, k in lab.each(batched):
        lab.attempt(f"batched {b}×{m}×{n}×{k}", lambda: batch(lab, b, m, n, k))


def product(lab, kind, m, n, k):
    multiply, size = MULTIPLIERS[kind]
    if not lab.fits((m * k + m * n) * 4 + lab.watch.copies(n * k * size) * n * k * size):
        raise RuntimeError("does not fit in the free memory")
    body = multiply(lab, m, n, k, lab.watch.copies(n * k * size))
    timing = lab.watch.time(body)
    lab.table.timed("gemm", "gemm", timing, precision=LABELS[kind], params={"m": m, "n": n, "k": k, "weights": "cold"})


def bfloat16(lab, m, n, k, copies):
    a, weights = lab.random(m, k), [lab.random(n, k) for _ in range(copies)]
    out = torch.empty(m, n, dtype=a.dtype, device=lab.device)
    return lambda i: torch.mm(a, weights[i % copies].t(), out=out)


def fp8(lab, m, n, k, copies):
    """FP8 (e4m3) operands that are in that format already, one scale a tensor, bf16 out."""
    if lab.machine.capability < (8, 9):
        raise RuntimeError("fp8 products need compute capability 8.9")
    if n % 16 or k % 16:
        raise RuntimeError("fp8 products need n and k to be multiples of 16")
    form = torch.float8_e4m3fn
    a, weights = lab.random(m, k, dtype=form), [lab.random(n, k, dtype=form) for _ in range(copies)]
    one = torch.ones((), device=lab.device)
    return lambda i: torch._scaled_mm(a, weights[i % copies].t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)


def int8(lab, m, n, k, copies):
    if lab.machine.is_gpu and (m <= 16 or n % 8 or k % 8):
        raise RuntimeError("cuBLAS multiplies int8 from 17 rows on, n and k multiples of 8")
    a, weights = lab.random(m, k, dtype=torch.int8), [lab.random(n, k, dtype=torch.int8) for _ in range(copies)]
    return lambda i: torch._int_mm(a, weights[i % copies].t())


def batch(lab, b, m, n, k):
    a, w = lab.random(b, m, k), lab.random(b, k, n)
    out = torch.empty(b, m, n, dtype=a.dtype, device=lab.device)
    timing = lab.watch.time(lambda i: torch.bmm(a, w, out=out))
    lab.table.timed("batched_gemm", "batched_gemm", timing, precision="bfloat16", params={"b": b, "m": m, "n": n, "k": k})


MULTIPLIERS = {"bfloat16": (bfloat16, 2), "fp8": (fp8, 1), "int8": (int8, 1)}
# The labels of Documentation/MeasuredRuns.md: unlike "fp8", these operands are narrow before the timing starts.
LABELS = {"bfloat16": "bfloat16", "fp8": "fp8_operands", "int8": "int8_operands"}
