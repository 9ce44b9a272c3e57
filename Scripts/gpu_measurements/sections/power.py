"""Power and energy of sustained work, random against zero data, and of the idle board: NVML's boundary, the board alone.

`seconds` of each run are long enough for the sensor to settle (it averages over a second since Ampere) and for the
clock to find what the power limit lets it have; the first third is not counted.
"""
import time
import torch
from ..llama import SHAPES, TINY
from ..nvml import PowerMeter
from .decoder import Decoder, resize

SECONDS, SIDE = 6.0, 8192


def run(lab):
    seconds, side = (SECONDS, SIDE) if not lab.tiny else (0.05, 32)
    works = [("idle", lambda: idle(lab, seconds))]
    for data in ("random", "zeros"):
        works.append((f"gemm {data}", lambda data=data: gemm(lab, seconds, side, data)))
    works.append(("copy", lambda: copy(lab, seconds, 4 << 30 if not lab.tiny else 1 << 16)))
    shapes, points = (SHAPES[:3], [(1, 1024), (32, 1024)]) if not lab.tiny else ([TINY], [(1, 8)])
    works += [(f"decode {s.name} {b}×{n}", lambda s=s, b=b, n=n: decode(lab, seconds, s, b, n)) for s in shapes for b, n in points]
    for label, work in lab.each(works):
        lab.attempt(label, work)


def sustain(lab, seconds, work):
    """Repeats `work` for so long; returns the meter of the last two thirds and the calls within it."""
    def repeat(limit):
        calls, start = 0, time.perf_counter()
        while time.perf_counter() - start < limit:
            for _ in range(batch):
                work()
            lab.watch.synchronize()
            calls += batch
        return calls
    batch = 1
    once = lab.watch.once(work)
    # Between two waits for the device lie 50 ms or so: the queue never runs dry for long.
    batch = max(1, min(1000, round(0.05 / max(once, 1e-6))))
    repeat(seconds / 3)
    with PowerMeter(lab.machine.nvml) as meter:
        calls = repeat(seconds * 2 / 3)
    return meter, calls


def report(lab, phase, meter, calls, params, **columns):
    """Time of a call, and watts where the board states them."""
    middle = [s for s in meter.samples[len(meter.samples) // 2:] if s[2] is not None]
    state = {"mean_sm_mhz": round(sum(s[2] for s in middle) / len(middle))} if middle else {}
    params = {**params, **state, "calls": calls, "sustained_s": round(meter.seconds, 3)}
    if calls:
        lab.table.add("sustained", phase, "call_time", meter.seconds / calls * 1e3, "ms", params=params, **columns)
    if meter.watts is None:
        return False
    if meter.sampled_joules is not None:
        params["sampled_w"] = round(meter.sampled_joules / meter.seconds, 2)
    metric = "steady_power" if phase == "decode" else "avg_device_power"
    lab.table.add("energy" if phase == "decode" else "sustained", phase, metric, meter.watts, "W", params=params,
                  note="board, from the card's energy counter" if meter.joules is not None else "board, sampled", **columns)
    return True


def idle(lab, seconds):
    lab.watch.synchronize()
    time.sleep(seconds / 3)
    with PowerMeter(lab.machine.nvml) as meter:
        time.sleep(seconds * 2 / 3)
    if not report(lab, "idle", meter, 0, {}):
        raise RuntimeError("no power is stated for this device")


def gemm(lab, seconds, side, data):
    make = lab.random if data == "random" else lambda *shape: torch.zeros(*shape, dtype=torch.bfloat16, device=lab.device)
    a, b = make(side, side), make(side, side)
    out = torch.empty_like(a)
    meter, calls = sustain(lab, seconds, lambda: torch.mm(a, b, out=out))
    report(lab, "gemm", meter, calls, {"m": side, "n": side, "k": side, "data": data}, precision="bfloat16")


def copy(lab, seconds, size):
    if not lab.fits(2 * size):
        raise RuntimeError("does not fit in the free memory")
    source = torch.ones(size // 4, device=lab.device)
    target = torch.empty_like(source)
    meter, calls = sustain(lab, seconds, lambda: target.copy_(source))
    report(lab, "copy", meter, calls, {"bytes": size})


def decode(lab, seconds, shape, batch, length):
    if not lab.fits(2 * shape.parameters + shape.cache_bytes(batch, length + 1)):
        raise RuntimeError("does not fit in the free memory")
    sized = resize(Decoder(shape, 1, 1, lab.device), batch, length + 1)
    token = torch.randint(0, shape.vocabulary, (batch, 1), device=lab.device)
    step = lambda: sized.step(token, length)
    graph = lab.watch.captured(step) if lab.machine.is_gpu else None
    meter, calls = sustain(lab, seconds, graph.replay if graph else step)
    software = "cuda-graph PyTorch" if graph else "pytorch-eager"
    report(lab, "decode", meter, calls, {}, software=software, model=shape.name, precision="bf16", batch=batch, input_len=length, output_len=1)
