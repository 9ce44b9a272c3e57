"""How long a piece of work takes on the device: warm-up, repeats within a budget of time, median and spread.

Short kernels are captured into a CUDA graph as a row of calls, replayed and divided by their number, so that neither the
host nor the resolution of events is part of the figure. What is read cold takes turns among copies that together exceed
the last-level cache, and the cache is overwritten before each replay.
"""
import statistics, time
import torch


class Timing:
    """Seconds of one call over the repeats."""

    def __init__(self, samples, captured=False):
        ordered = sorted(samples)
        self.median, self.repeats, self.captured = statistics.median(ordered), len(ordered), captured
        quartiles = statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else [ordered[0]] * 3
        self.lower, self.upper = quartiles[0], quartiles[2]

    @property
    def spread(self):
        """Interquartile range over the median."""
        return (self.upper - self.lower) / self.median if self.median > 0 else 0.0


class Stopwatch:
    """Times calls on one device within `budget` seconds of repeats each."""

    LEAST, MOST = 5, 100
    ROW_SECONDS = 2e-3  # a captured row of calls lasts about so long
    MOST_CALLS = 64

    def __init__(self, device, budget=0.3):
        self.device, self.budget = torch.device(device), budget
        self.is_gpu = self.device.type == "cuda"
        cache = 0
        if self.is_gpu:
            cache = getattr(torch.cuda.get_device_properties(self.device), "L2_cache_size", 0) or 64 << 20
        self.cache_bytes = cache
        self.eraser = torch.empty(2 * cache // 4 or 1, dtype=torch.int32, device=self.device) if cache else None

    def flush(self):
        """Overwrites the last-level cache."""
        if self.eraser is not None:
            self.eraser.zero_()

    def copies(self, size):
        """Of an operand of so many bytes, how many together are out of the cache when they come round again."""
        return max(1, min(self.MOST_CALLS, -(-2 * self.cache_bytes // max(1, size))))

    def synchronize(self):
        if self.is_gpu:
            torch.cuda.synchronize(self.device)

    def once(self, body):
        """Seconds from the start of one call to its end on the device, host included."""
        self.synchronize()
        start = time.perf_counter()
        body()
        self.synchronize()
        return time.perf_counter() - start

    def time(self, body, *, cold=True, capture=True, calls=None):
        """Times `body(i)`, which is given the number of the call so that it can take turns among copies.

        - cold: overwrite the cache before each repeat.
        - calls: so many a repeat, instead of as many as last ROW_SECONDS.
        """
        body(0)
        single = min(self.once(lambda: body(1)), self.once(lambda: body(2)))
        calls = calls or max(1, min(self.MOST_CALLS, round(self.ROW_SECONDS / max(single, 1e-7))))

        def row():
            for i in range(calls):
                body(i)

        graph = self.captured(row) if capture and self.is_gpu else None
        run = graph.replay if graph else row
        run()
        samples, start = [], time.perf_counter()
        while len(samples) < self.MOST:
            if cold:
                self.flush()
            samples.append(self._between(run) / calls)
            if len(samples) >= self.LEAST and time.perf_counter() - start > self.budget:
                break
        return Timing(samples, captured=graph is not None)

    def captured(self, row):
        """The row as a CUDA graph; None where one of its calls cannot be captured."""
        graph = torch.cuda.CUDAGraph()
        try:
            stream = torch.cuda.Stream(self.device)
            stream.wait_stream(torch.cuda.current_stream(self.device))
            with torch.cuda.stream(stream):
                row()
            torch.cuda.current_stream(self.device).wait_stream(stream)
            with torch.cuda.graph(graph):
                row()
            return graph
        except RuntimeError:
            torch.cuda.synchronize(self.device)
            return None

    def _between(self, run):
        if not self.is_gpu:
            return self.once(run)
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3
