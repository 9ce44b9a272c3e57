"""What is measured: the device, its driver and the state it is in."""
import datetime, os, platform
import torch
from .nvml import CLOCK_MEMORY, Nvml


class Machine:
    """One device and what stands in every row about it."""

    def __init__(self, device, label=None):
        self.device = torch.device(device)
        self.is_gpu = self.device.type == "cuda"
        self.date = datetime.date.today().isoformat()
        self.nvml = Nvml(self._bus() if self.is_gpu else None, present=self.is_gpu)
        name = torch.cuda.get_device_name(self.device) if self.is_gpu else "host"
        self.label = label or name
        self.versions = torch.__version__ + (f" CUDA {torch.version.cuda}" if torch.version.cuda else "")
        if torch.version.hip:
            self.versions = f"{torch.__version__} ROCm {torch.version.hip}"
        parts = []
        if driver := self.nvml.driver():
            parts.append(f"driver {driver}")
        if limit := self.nvml.power_limit():
            parts.append(f"power limit {limit:g} W")
        if not self.is_gpu:
            parts.append(f"{platform.machine()}, {torch.get_num_threads()} threads of {os.cpu_count()}")
        self.note = ", ".join(parts)

    def _bus(self):
        properties = torch.cuda.get_device_properties(self.device)
        if not hasattr(properties, "pci_bus_id"):
            return None
        return f"{properties.pci_domain_id:08X}:{properties.pci_bus_id:02X}:{properties.pci_device_id:02X}.0"

    def state(self):
        """Clocks and temperature now, for `op_params`; empty where nobody says."""
        figures = {"sm_mhz": self.nvml.clock(), "mem_mhz": self.nvml.clock(CLOCK_MEMORY), "celsius": self.nvml.temperature()}
        return {name: value for name, value in figures.items() if value is not None}

    @property
    def free_bytes(self):
        if self.is_gpu:
            return torch.cuda.mem_get_info(self.device)[0]
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    @property
    def capability(self):
        """Compute capability, (0, 0) without CUDA."""
        return torch.cuda.get_device_capability(self.device) if self.is_gpu and not torch.version.hip else (0, 0)
