"""Sections by name, in the order in which they run."""
from . import attention, bandwidth, copies, decoder, elementwise, experts, gemm, launch, power

SECTIONS = {"launch": launch.run, "bandwidth": bandwidth.run, "copies": copies.run, "gemm": gemm.run, "attention": attention.run,
            "elementwise": elementwise.run, "experts": experts.run, "decoder": decoder.run, "power": power.run}
