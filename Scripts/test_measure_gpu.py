"""Tests of measure_gpu.py. Those that need PyTorch run on CPU tensors at tiny sizes, and are skipped without it."""
import csv, json, os, subprocess, sys, tempfile, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
SCRIPT = os.path.join(HERE, "measure_gpu.py")

try:
    import torch
except ImportError:
    torch = None
needs_torch = unittest.skipIf(torch is None, "PyTorch is not installed")


def measure(*arguments):
    """Status, standard error and rows of a run."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "runs.csv")
        done = subprocess.run([sys.executable, "-W", "ignore", SCRIPT, "--output", path, *arguments], capture_output=True, text=True)
        rows = []
        if os.path.exists(path):
            with open(path) as file:
                rows = list(csv.DictReader(file))
        return done.returncode, done.stderr, rows


class NvmlTests(unittest.TestCase):
    def test_energy_is_the_area_under_power_over_time(self):
        from gpu_measurements.nvml import integrate
        self.assertEqual(integrate([(0, 100), (2, 100), (3, 300)]), 400)
        self.assertIsNone(integrate([(0, 100)]))

    def test_without_a_driver_every_figure_is_absent(self):
        from gpu_measurements.nvml import Nvml, PowerMeter
        nvml = Nvml(present=False)
        self.assertEqual([nvml.power(), nvml.energy(), nvml.clock(), nvml.driver()], [None] * 4)
        with PowerMeter(nvml, 0.001) as meter:
            pass
        self.assertIsNone(meter.watts)


@needs_torch
class UnitTests(unittest.TestCase):
    def test_spread_is_the_interquartile_range_over_the_median(self):
        from gpu_measurements.timing import Timing
        timing = Timing([4.0, 1.0, 2.0, 3.0, 5.0])
        self.assertEqual((timing.median, timing.lower, timing.upper, timing.repeats), (3, 2, 4, 5))
        self.assertAlmostEqual(timing.spread, 2 / 3)
        self.assertEqual(Timing([1.0]).spread, 0)

    def test_rows_of_experts_add_up_and_follow_the_law(self):
        from gpu_measurements.sections.experts import counts
        self.assertEqual(counts(10, 4, "balanced"), [3, 3, 2, 2])
        zipf = counts(1000, 8, "zipf_1")
        self.assertEqual(sum(zipf), 1000)
        self.assertEqual(zipf, sorted(zipf, reverse=True))
        self.assertAlmostEqual(zipf[0] / zipf[3], 4, delta=0.1)

    def test_decoding_a_token_gives_the_logits_of_prefilling_it(self):
        from gpu_measurements.llama import TINY, Decoder
        torch.manual_seed(3)
        decoder = Decoder(TINY, 2, 9, "cpu", torch.float32)
        tokens = torch.randint(0, TINY.vocabulary, (2, 9))
        whole = decoder.step(tokens, 0)
        decoder.step(tokens[:, :8], 0)
        self.assertTrue(torch.allclose(decoder.step(tokens[:, 8:], 8), whole, atol=1e-5))

    def test_parameters_of_the_shapes_are_the_published_ones(self):
        from gpu_measurements.llama import SHAPES
        self.assertEqual([round(s.parameters / 1e9, 2) for s in SHAPES], [1.24, 3.21, 8.03, 70.55])

    def test_copies_of_an_operand_exceed_the_cache(self):
        from gpu_measurements.timing import Stopwatch
        watch = Stopwatch("cpu", 0.01)
        watch.cache_bytes = 50 << 20
        self.assertGreaterEqual(watch.copies(8 << 20) * (8 << 20), 2 * watch.cache_bytes)
        self.assertEqual(watch.copies(1 << 30), 1)


class SectionTests(unittest.TestCase):
    def test_every_section_named_is_a_module_and_every_module_is_named(self):
        from measure_gpu import SECTIONS
        files = os.listdir(os.path.join(HERE, "gpu_measurements", "sections"))
        self.assertEqual({name + ".py" for name in SECTIONS}, {name for name in files if name.endswith(".py") and name != "__init__.py"})

    def test_options_are_checked_without_pytorch(self):
        status, errors, _ = measure("--sections", "gem")
        self.assertEqual(status, 64)
        self.assertIn("gem is no section; there are launch", errors)


@needs_torch
class CommandTests(unittest.TestCase):
    def test_every_section_writes_rows_of_the_format_on_cpu_tensors(self):
        status, errors, rows = measure("--device", "cpu", "--tiny", "--repeat-seconds", "0.001", "--label", "a device")
        self.assertEqual(status, 0, errors)
        self.assertEqual({row["phase_family"] for row in rows},
                         {"launch", "bandwidth", "copy", "gemm", "batched_gemm", "attn_prefill", "attn_decode", "elementwise", "moe_gemm",
                          "prefill", "decode", "sustained"})
        self.assertEqual(len({row["row_id"] for row in rows}), len(rows))
        for row in rows:
            self.assertGreater(float(row["value"]), 0, row)
            self.assertEqual(row["device"], "a device")
            self.assertIsInstance(json.loads(row["op_params"]), dict)
        gemm = next(json.loads(row["op_params"]) for row in rows if row["phase_family"] == "gemm")
        self.assertEqual([gemm[key] for key in "mnk"], [4, 64, 32])

    def test_a_section_out_of_time_says_what_it_left_out(self):
        status, errors, rows = measure("--device", "cpu", "--tiny", "--sections", "elementwise", "--seconds", "0.000001")
        self.assertEqual((status, rows), (0, []))
        self.assertIn("left out after", errors)

    @unittest.skipIf(torch is not None and torch.cuda.is_available(), "there is a GPU")
    def test_without_a_gpu_it_says_so(self):
        status, errors, _ = measure()
        self.assertEqual(status, 69)
        self.assertIn("no GPU", errors)

    def test_a_folder_that_is_not_there_is_an_output_error(self):
        done = subprocess.run([sys.executable, "-W", "ignore", SCRIPT, "--device", "cpu", "--tiny", "--output", "/nowhere/at/all.csv"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 74)
        self.assertIn("/nowhere/at/all.csv: cannot be written", done.stderr)


if __name__ == "__main__":
    unittest.main()
