"""The measured-run format: one figure a row, as Documentation/MeasuredRuns.md states it."""
import csv, json, os

COLUMNS = ["row_id", "source", "source_ref", "license", "trust", "device", "n_devices", "parallelism", "model", "precision",
           "phase_family", "phase", "batch", "input_len", "output_len", "metric", "value", "unit", "software", "op_params", "note"]


class Table:
    """Rows that go to the file as they are measured, so that an interrupted run leaves what it has.

    The file has the name `path + ".partial"` until `close`: a complete file never has rows missing.
    """

    def __init__(self, path, machine):
        self.path, self.machine, self.rows = path, machine, 0
        self.file = open(path + ".partial", "w", newline="")
        self.writer = csv.DictWriter(self.file, COLUMNS, lineterminator="\n")
        self.writer.writeheader()

    def add(self, family, phase, metric, value, unit, *, params=None, spread=None, note="", **columns):
        """One figure. `params` goes to `op_params`; clocks and temperature of the moment are added to it."""
        self.rows += 1
        params = {**(params or {}), **self.machine.state()}
        if spread is not None:
            params["spread"] = round(spread, 4)
        software = " ".join(filter(None, [columns.pop("software", "PyTorch"), self.machine.versions]))
        row = {"row_id": f"g{self.rows:06d}", "source": "orrery measure gpu", "source_ref": self.machine.date, "trust": "A",
               "device": self.machine.label, "n_devices": 1, "phase_family": family, "phase": phase, "metric": metric,
               "value": repr(float(value)), "unit": unit, "software": software,
               "op_params": json.dumps(params, separators=(",", ":")), "note": "; ".join(filter(None, [note, self.machine.note]))}
        row.update(columns)
        self.writer.writerow(row)
        self.file.flush()

    def timed(self, family, phase, timing, *, params=None, note="", **columns):
        """The median of a timing as `kernel_latency` in ms, with how it was taken."""
        params = {**(params or {}), "repeats": timing.repeats, "captured": timing.captured}
        self.add(family, phase, "kernel_latency", timing.median * 1e3, "ms", params=params, spread=timing.spread, note=note, **columns)

    def close(self):
        self.file.close()
        os.replace(self.path + ".partial", self.path)
