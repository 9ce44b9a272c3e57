"""Copies by size: host to device and back (pinned and pageable), and within the device."""
import torch

SIZES = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 64 << 20, 256 << 20, 1 << 30]


def run(lab):
    sizes = SIZES if not lab.tiny else [4096, 65536]
    for size in lab.each(sizes):
        for kind in ("h2d", "d2h", "h2d_pageable", "d2h_pageable", "d2d"):
            lab.attempt(f"{kind} {size} B", lambda: copy(lab, kind, size))


def copy(lab, kind, size):
    if not lab.fits(2 * size):
        raise RuntimeError("does not fit in the free memory")
    pin = lab.machine.is_gpu and not kind.endswith("pageable")
    device = torch.empty(size, dtype=torch.uint8, device=lab.device)
    other = torch.empty(size, dtype=torch.uint8, device=lab.device) if kind == "d2d" else torch.empty(size, dtype=torch.uint8, pin_memory=pin)
    source, target = (other, device) if kind.startswith("h2d") else (device, other)
    # Pageable copies go through a buffer of the driver and cannot be captured.
    timing = lab.watch.time(lambda i: target.copy_(source, non_blocking=True), capture=not kind.endswith("pageable"))
    lab.table.timed("copy", kind, timing, params={"bytes": size})
    moved = 2 * size if kind == "d2d" else size
    lab.table.add("copy", kind, "copy_bw", moved / timing.median / 1e9, "GB/s", params={"bytes": size}, spread=timing.spread,
                  note="bytes read and written" if kind == "d2d" else "")
