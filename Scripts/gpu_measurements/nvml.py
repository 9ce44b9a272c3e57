"""Clocks, temperature, power and energy of a GPU through NVML, the driver's own library: no package is needed.

Names and constants are those of NVIDIA's nvml.h. Every figure is None where the driver or the card does not give it.
"""
import ctypes, threading, time

CLOCK_SM, CLOCK_MEMORY, SENSOR_GPU = 1, 2, 0


class Nvml:
    """One GPU of the driver, found by its PCI bus so that CUDA_VISIBLE_DEVICES does not matter."""

    def __init__(self, pci_bus_id=None, present=True):
        self.library = self.handle = None
        if not present:
            return
        try:
            library = ctypes.CDLL("libnvidia-ml.so.1")
        except OSError:
            return
        handle = ctypes.c_void_p()
        if library.nvmlInit_v2() != 0:
            return
        found = (library.nvmlDeviceGetHandleByPciBusId_v2(pci_bus_id.encode(), ctypes.byref(handle)) if pci_bus_id
                 else library.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(handle)))
        if found == 0:
            self.library, self.handle = library, handle

    def _read(self, function, kind, *arguments):
        if self.handle is None:
            return None
        value = kind()
        code = getattr(self.library, function)(self.handle, *arguments, ctypes.byref(value))
        return value.value if code == 0 else None

    def clock(self, which=CLOCK_SM):
        """MHz now."""
        return self._read("nvmlDeviceGetClockInfo", ctypes.c_uint, which)

    def temperature(self):
        """Degrees Celsius of the chip."""
        return self._read("nvmlDeviceGetTemperature", ctypes.c_uint, SENSOR_GPU)

    def power(self):
        """Watts of the whole board; since Ampere an average over the last second (nvml.h, nvmlDeviceGetPowerUsage)."""
        milliwatts = self._read("nvmlDeviceGetPowerUsage", ctypes.c_uint)
        return None if milliwatts is None else milliwatts / 1e3

    def energy(self):
        """Joules of the whole board since the driver was loaded (Volta and later)."""
        millijoules = self._read("nvmlDeviceGetTotalEnergyConsumption", ctypes.c_ulonglong)
        return None if millijoules is None else millijoules / 1e3

    def power_limit(self):
        """Watts that the driver enforces."""
        milliwatts = self._read("nvmlDeviceGetEnforcedPowerLimit", ctypes.c_uint)
        return None if milliwatts is None else milliwatts / 1e3

    def throttle_reasons(self):
        """Bits of nvmlClocksThrottleReason: 0x4 power cap, 0x20 and 0x40 heat."""
        return self._read("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong)

    def driver(self):
        if self.library is None:
            return None
        text = ctypes.create_string_buffer(96)
        return text.value.decode() if self.library.nvmlSystemGetDriverVersion(text, 96) == 0 else None


class PowerMeter:
    """Samples power while it is open, and integrates it.

        with PowerMeter(nvml) as meter: ...
        meter.joules, meter.watts, meter.seconds

    `joules` is the difference of the card's own energy counter, `sampled_joules` the trapezoid sum over the samples.
    """

    def __init__(self, nvml, interval=0.02):
        self.nvml, self.interval = nvml, interval
        self.samples = []

    def __enter__(self):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.first = self.nvml.energy()
        self.start = time.perf_counter()
        self.thread.start()
        return self

    def _sample(self):
        while True:
            self.samples.append((time.perf_counter(), self.nvml.power(), self.nvml.clock(), self.nvml.temperature()))
            if self.stop.wait(self.interval):
                return

    def __exit__(self, *_):
        last = self.nvml.energy()
        self.seconds = time.perf_counter() - self.start
        self.stop.set()
        self.thread.join()
        self.joules = None if None in (self.first, last) else last - self.first
        self.sampled_joules = integrate([(t, watts) for t, watts, _, _ in self.samples if watts is not None])
        self.watts = self.joules / self.seconds if self.joules is not None else (
            self.sampled_joules / self.seconds if self.sampled_joules is not None else None)


def integrate(points):
    """Joules under watts over seconds by the trapezoid rule; None for fewer than two points."""
    if len(points) < 2:
        return None
    return sum((t1 - t0) * (w0 + w1) / 2 for (t0, w0), (t1, w1) in zip(points, points[1:]))
