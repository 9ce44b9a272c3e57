"""Read and copy bandwidth by working set: from the last-level cache while it fits, from memory beyond."""
import torch

SETS = [1 << 20, 4 << 20, 8 << 20, 16 << 20, 24 << 20, 32 << 20, 48 << 20, 64 << 20, 96 << 20, 128 << 20, 256 << 20, 1 << 30, 4 << 30]


def run(lab):
    sets = SETS if not lab.tiny else [1 << 16, 1 << 18]
    for size in lab.each(sets):
        for kind in ("read", "copy"):
            lab.attempt(f"{kind} {size} B", lambda: measure(lab, kind, size))


def measure(lab, kind, size):
    if not lab.fits(size):
        raise RuntimeError("does not fit in the free memory")
    count = size // 4
    if kind == "read":
        data = torch.ones(count, dtype=torch.float32, device=lab.device)
        # A sum reads every byte once and writes next to nothing.
        timing = lab.watch.time(lambda i: torch.sum(data), cold=False)
    else:
        data = torch.ones(count // 2, dtype=torch.float32, device=lab.device)
        target = torch.empty_like(data)
        timing = lab.watch.time(lambda i: target.copy_(data), cold=False)
    lab.table.add("bandwidth", kind, "mem_bw", size / timing.median / 1e9, "GB/s", spread=timing.spread,
                  params={"bytes": size, "repeats": timing.repeats, "captured": timing.captured, "last_level_cache": lab.watch.cache_bytes},
                  note="the same working set again and again")
