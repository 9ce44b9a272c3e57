"""Measures an accelerator with PyTorch and writes the measured-run format (Documentation/MeasuredRuns.md)."""
