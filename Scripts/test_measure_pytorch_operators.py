"""Tests of measure_pytorch_operators.py: what is timed, and what its rows say."""
import csv, json, os, tempfile, unittest
import measure_pytorch_operators as script

try:
    import torch
except ImportError:
    torch = None


class ShapeTests(unittest.TestCase):
    def test_copies_outgrow_the_pool_and_are_at_least_two(self):
        self.assertEqual(script.copies_of(1000, 4000), 4)
        self.assertEqual(script.copies_of(1001, 4000), 4)
        self.assertEqual(script.copies_of(10**9, 4000), 2)

    def test_no_operator_has_a_shape_of_the_decoders(self):
        # The decoders are 1024 wide; so is one side of every weight of theirs.
        self.assertFalse([shape for shape in script.WEIGHTS if 1024 in shape])


@unittest.skipUnless(torch, "needs PyTorch")
class OperatorTests(unittest.TestCase):
    def test_products_use_another_matrix_each_time(self):
        used = []
        linear = torch.nn.functional.linear
        torch.nn.functional.linear = lambda x, w: used.append(w.data_ptr()) or linear(x, w)
        self.addCleanup(setattr, torch.nn.functional, "linear", linear)
        operator, = script.products(torch, 1 << 16, [(32, 64)], [3])
        for _ in range(operator.copies):
            operator.once()
        self.assertEqual(len(set(used)), operator.copies)
        self.assertGreaterEqual(operator.copies * 32 * 64 * 4, 1 << 16)

    def test_a_decode_step_attends_to_the_keys_it_states_and_no_others(self):
        decode = [o for o in script.attentions(torch, 1 << 12, [(1, 4, 2, 8)], [], [16])]
        self.assertEqual([(o.family, o.sizes["kv_len"], o.sizes["input_len"]) for o in decode], [("attn_decode", 16, 16)])
        seen = []
        attend = torch.nn.functional.scaled_dot_product_attention
        torch.nn.functional.scaled_dot_product_attention = lambda q, k, v, **o: seen.append(tuple(k.shape)) or attend(q, k, v, **o)
        self.addCleanup(setattr, torch.nn.functional, "scaled_dot_product_attention", attend)
        operator, = script.attentions(torch, 1 << 12, [(1, 4, 2, 8)], [], [16])
        operator.once()
        self.assertEqual(seen, [(1, 2, 16, 8)])

    def test_a_run_writes_one_row_for_each_operator_with_its_sizes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "operators.csv")
            script.main(["--tiny", "--rounds", "1", "--seconds", "0", "--output", path])
            with open(path, newline="") as file:
                rows = list(csv.DictReader(file))
        self.assertEqual([row["phase_family"] for row in rows], ["gemm"] * 4 + ["attn_prefill", "attn_decode"])
        self.assertEqual({name: json.loads(rows[0]["op_params"])[name] for name in "mnk"}, dict(m=1, n=32, k=64))
        for row in rows:
            self.assertGreater(float(row["value"]), 0)
            self.assertTrue(row["software"].startswith("pytorch-cpu "))


if __name__ == "__main__":
    unittest.main()
