#!/usr/bin/env python3
"""Measures an accelerator with PyTorch and writes measured runs that `orrery compare` and `orrery calibrate` read.

    Scripts/measure_gpu.py --output h200.csv
    Scripts/measure_gpu.py --output gemm.csv --sections gemm,attention --seconds 120
    Scripts/measure_gpu.py --output try.csv --device cpu --tiny

Nothing but PyTorch is needed; clocks, temperature, power and energy come from the driver's NVML. Documentation/Measuring.md
says what every section measures and how. Exit status: 0, 64 for wrong usage, 69 without PyTorch or device, 74 when the file cannot be written.
"""
import argparse, os, sys, time, warnings

SECTIONS = ("launch", "bandwidth", "copies", "gemm", "attention", "elementwise", "experts", "decoder", "power")

EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_OUTPUT = 64, 69, 74


def fail(message, status):
    sys.stderr.write(f"error: {message}\n")
    sys.exit(status)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        fail(message, EXIT_USAGE)


def arguments(argv, sections=SECTIONS):
    parser = Parser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--output", required=True, metavar="FILE", help="the CSV file to write")
    parser.add_argument("--sections", default=",".join(sections), metavar="NAMES", help="which to run, separated by commas")
    parser.add_argument("--seconds", type=float, default=90.0, help="time for each section; what does not fit is left out and counted")
    parser.add_argument("--repeat-seconds", type=float, default=0.3, help="time for the repeats of one figure")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 or cpu")
    parser.add_argument("--label", help="what to call the device, instead of its driver's name for it")
    parser.add_argument("--tiny", action="store_true", help="sizes that a CPU runs in a moment, to try the script")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args(argv)
    options.sections = [name for name in options.sections.split(",") if name]
    unknown = [name for name in options.sections if name not in sections]
    if unknown or not options.sections:
        parser.error(f"--sections: {unknown[0] if unknown else 'nothing'} is no section; there are {', '.join(sections)}")
    if not 0 < options.seconds <= 86400 or not 0 < options.repeat_seconds <= 3600:
        parser.error("--seconds and --repeat-seconds have to be above 0, at most a day and an hour")
    return options


def main(argv=None):
    options = arguments(argv)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    warnings.filterwarnings("ignore", message="Failed to initialize NumPy")  # none is needed
    try:
        import torch
    except ImportError:
        fail("PyTorch is not installed for this Python; `pip install torch`, or run another Python's script", EXIT_UNAVAILABLE)
    from gpu_measurements.lab import Lab
    from gpu_measurements.machine import Machine
    from gpu_measurements import sections
    from gpu_measurements.table import Table
    from gpu_measurements.timing import Stopwatch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        fail("PyTorch finds no GPU here; `--device cpu --tiny` tries the script without one", EXIT_UNAVAILABLE)
    torch.manual_seed(1)
    try:
        machine = Machine(options.device, options.label)
    except (RuntimeError, AssertionError) as error:
        fail(f"--device {options.device}: {str(error).splitlines()[0]}", EXIT_UNAVAILABLE)
    try:
        table = Table(options.output, machine)
    except OSError as error:
        fail(f"{options.output}: cannot be written: {error.strerror.lower()}", EXIT_OUTPUT)
    lab = Lab(machine, Stopwatch(options.device, options.repeat_seconds), table, tiny=options.tiny, seconds=options.seconds, quiet=options.quiet)
    lab.say(f"{machine.label}: {machine.versions}, {machine.note}")
    try:
        with torch.inference_mode():
            for name in options.sections:
                start, before = time.perf_counter(), table.rows
                lab.start(name)
                sections.run(name, lab)
                lab.say(f"{name}: {table.rows - before} rows in {time.perf_counter() - start:.0f} s")
        table.close()
    except OSError as error:
        fail(f"{options.output}: cannot be written: {error.strerror.lower()}", EXIT_OUTPUT)
    except KeyboardInterrupt:
        fail(f"stopped; what was measured is in {table.path}.partial", 130)
    lab.say(f"{options.output}: {table.rows} rows")


if __name__ == "__main__":
    main()
