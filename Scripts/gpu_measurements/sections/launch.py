"""What starting a kernel costs: the host's time for a call, from kernel to kernel in a stream and in a graph, a round trip."""
import time
import torch
from ..timing import Timing

CALLS = 1000


def run(lab):
    calls = CALLS if not lab.tiny else 20
    for work in lab.each([host, stream, graph, round_trip]):
        lab.attempt(work.__name__, lambda: work(lab, calls))


def add(lab, name, timing, note, calls):
    lab.table.add("launch", name, "kernel_latency", timing.median * 1e6, "us", spread=timing.spread,
                  params={"calls": calls, "repeats": timing.repeats}, note=note)


def host(lab, calls):
    x = torch.zeros(1, device=lab.device)
    samples = []
    for _ in range(10):
        lab.watch.synchronize()
        start = time.perf_counter()
        for _ in range(calls):
            x.add_(1)
        samples.append((time.perf_counter() - start) / calls)
    add(lab, "host_per_call", Timing(samples), "time of the host to issue an elementwise kernel from Python", calls)


def stream(lab, calls):
    x = torch.zeros(1, device=lab.device)
    timing = lab.watch.time(lambda i: x.add_(1), cold=False, capture=False, calls=calls)
    add(lab, "stream", timing, "from one smallest kernel to the next, issued one by one", calls)


def graph(lab, calls):
    if not lab.machine.is_gpu:
        raise RuntimeError("graphs need a GPU")
    x = torch.zeros(1, device=lab.device)
    timing = lab.watch.time(lambda i: x.add_(1), cold=False, calls=calls)
    if not timing.captured:
        raise RuntimeError("the kernels could not be captured")
    add(lab, "graph", timing, "from one smallest kernel to the next inside a captured graph", calls)


def round_trip(lab, calls):
    x = torch.zeros(1, device=lab.device)
    samples = [lab.watch.once(lambda: x.add_(1)) for _ in range(max(20, calls // 10))]
    add(lab, "round_trip", Timing(samples[5:]), "one smallest kernel and waiting for it", 1)
