"""Tests of measure_pytorch_cpu.py: the shapes it takes, and that its decoder computes what it says."""
import csv, json, os, tempfile, unittest
import measure_pytorch_cpu as script

try:
    import torch
except ImportError:
    torch = None

SIZES = dict(layers=2, hidden=32, heads=4, kv_heads=2, head_dim=8, inter=48, vocabulary=40)


class ShapeTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "decoders.csv")

    def write(self, *rows):
        with open(self.path, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["precision", "phase_family", "batch", "input_len", "op_params"])
            writer.writerows(rows)

    def test_only_fp32_decoders_in_memory_are_taken_once_each(self):
        sizes = json.dumps(SIZES)
        self.write(["fp32", "prefill", 1, 9, sizes], ["fp32", "decode", 1, 12, sizes], ["w4a32_g128", "prefill", 1, 9, sizes], ["fp32", "offload", 1, 9, sizes])
        shape, = script.shapes(self.path)
        self.assertEqual((shape["hidden"], shape["batch"], shape["prompt"], shape["experts"]), (32, 1, 9, 0))

    def test_a_file_without_decoders_is_an_error(self):
        self.write(["fp32", "gemm", 1, 9, "{}"])
        for path in (self.path, self.path + ".missing"):
            with self.assertRaises(SystemExit) as caught:
                script.shapes(path)
            self.assertEqual(caught.exception.code, script.EXIT_DATA)


@unittest.skipUnless(torch, "needs PyTorch")
class DecoderTests(unittest.TestCase):
    def setUp(self):
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)

    def logits(self, shape, ids, parts):
        """Logits behind the last token when the prompt is run in so many parts."""
        decoder = script.Decoder(torch, shape, 16)
        for part in parts:
            out, ids = decoder.run(ids[:, :part]), ids[:, part:]
        return out

    def test_steps_give_what_the_whole_prompt_gives_dense_and_mixture(self):
        for experts in (dict(experts=0, topk=0), dict(experts=4, topk=2)):
            shape = dict(SIZES, batch=2, prompt=6, **experts)
            ids = torch.arange(12).view(2, 6) % 40
            whole, stepped = self.logits(shape, ids, [6]), self.logits(shape, ids, [1] * 6)
            self.assertEqual(tuple(whole.shape), (2, 1, 40))
            self.assertTrue(torch.allclose(whole, stepped, atol=1e-4))

    def test_rows_have_both_phases_of_every_decoder_and_positive_times(self):
        decoders = [script.Decoder(torch, dict(SIZES, batch=1, prompt=4, experts=0, topk=0), 12)]
        rows = list(script.rows(decoders, script.measure(decoders, 1, 3, lambda _: None), torch, "host"))
        self.assertEqual([row[9] for row in rows], ["prefill", "decode"])
        self.assertTrue(all(row[15] > 0 and len(row) == len(script.COLUMNS) - 1 for row in rows))


if __name__ == "__main__":
    unittest.main()
