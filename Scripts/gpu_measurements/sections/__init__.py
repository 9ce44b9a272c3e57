"""Sections: a module each, with `run(lab)`. Their names and order stand in measure_gpu.py, which has to know them without PyTorch."""
import importlib


def run(name, lab):
    importlib.import_module(f"{__name__}.{name}").run(lab)
