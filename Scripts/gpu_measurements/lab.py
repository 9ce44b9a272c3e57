"""What a section of measurements works with: the device, the stopwatch, the table, and how much time is left."""
import sys, time
import torch


class Lab:
    """`tiny` asks for sizes that a CPU runs in a moment: the logic of every section is tested with it."""

    def __init__(self, machine, watch, table, *, tiny=False, seconds=60.0, quiet=False):
        self.machine, self.watch, self.table, self.tiny, self.quiet = machine, watch, table, tiny, quiet
        self.seconds, self.skipped = seconds, []
        self.device = machine.device

    def start(self, section):
        self.section, self.deadline = section, time.perf_counter() + self.seconds
        self.left = 0

    def each(self, cases):
        """The cases one after the other while the section has time; what is left is counted and said."""
        cases = list(cases)
        for number, case in enumerate(cases):
            if time.perf_counter() > self.deadline:
                self.left += len(cases) - number
                self.say(f"{self.section}: {len(cases) - number} of {len(cases)} cases left out after {self.seconds:g} s")
                return
            self.progress(f"{self.section} {number + 1}/{len(cases)}")
            yield case
        self.progress("")

    def attempt(self, label, work):
        """Runs one case; what this device or this PyTorch cannot do is named, not fatal."""
        try:
            work()
        except (RuntimeError, NotImplementedError, TypeError, AttributeError) as error:  # out of memory is a RuntimeError
            reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
            self.skipped.append((self.section, label, reason))
            self.say(f"{self.section}: {label}: left out: {reason}")
            if self.machine.is_gpu:
                torch.cuda.empty_cache()

    def random(self, *shape, dtype=torch.bfloat16, scale=1.0):
        """Normal random numbers of any dtype that PyTorch can convert to."""
        wide = dtype if dtype in (torch.float32, torch.bfloat16, torch.float16) else torch.float32
        if dtype == torch.int8:
            return torch.randint(-127, 128, shape, dtype=torch.int8, device=self.device)
        return (torch.randn(*shape, dtype=wide, device=self.device) * scale).to(dtype)

    def fits(self, size):
        return size < 0.8 * self.machine.free_bytes

    def progress(self, text):
        if not self.quiet and sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def say(self, text):
        if not self.quiet:
            sys.stderr.write(("\r\033[K" if sys.stderr.isatty() else "") + text + "\n")
