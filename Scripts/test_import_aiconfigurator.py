"""Tests of import_aiconfigurator.py on tables with the collectors' columns."""
import csv, io, os, tempfile, unittest
import import_aiconfigurator as table

try:
    import pyarrow, pyarrow.parquet
except ImportError:
    pyarrow = None

GEMM = "framework,version,device,op_name,kernel_source,gemm_dtype,m,n,k,latency\nTRTLLM,1.0,NVIDIA H200,gemm,torch_flow,fp8,8,128,64,0.0031\n"
NCCL = "framework,version,device,op_name,kernel_source,nccl_dtype,num_gpus,message_size,latency\nTRTLLM,1.0,NVIDIA H200,all_gather,NCCL,half,8,1024,0.02\n"
ATTENTION = ("framework,version,device,op_name,kernel_source,attn_dtype,kv_cache_dtype,batch_size,isl,step,num_heads,num_key_value_heads,head_dim,latency\n"
             "VLLM,1.0,NVIDIA H200,generation_attention,fa,bfloat16,fp8,4,1,127,32,8,128,0.01\n")


class ConversionTests(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def rows(self, name, text, **options):
        path = os.path.join(self.folder.name, name)
        with open(path, "w") as file:
            file.write(text)
        rows = list(table.convert(path, **options))
        return [dict(zip(rows[0], row)) for row in rows[1:]]

    def test_a_product_keeps_its_shape_time_and_device(self):
        row, = self.rows("gemm_perf.txt", GEMM)
        self.assertEqual([row[k] for k in ("op", "device", "dtype", "m", "n", "k", "latency_ms")], ["gemm", "NVIDIA H200", "fp8", "8", "128", "64", "0.0031"])
        self.assertEqual(self.rows("gemm_perf.txt", GEMM, device="h200_sxm")[0]["device"], "h200_sxm")

    def test_a_collective_is_named_by_its_operation(self):
        row, = self.rows("nccl_perf.txt", NCCL)
        self.assertEqual((row["op"], row["collective"], row["num_gpus"]), ("comm", "all_gather", "8"))

    def test_attention_of_prefill_and_decode_is_told_apart_by_the_files_name(self):
        self.assertEqual(self.rows("generation_attention_perf.txt", ATTENTION)[0]["op"], "attn_decode")
        self.assertEqual(self.rows("context_attention_perf.txt", ATTENTION)[0]["op"], "attn_prefill")
        with self.assertRaisesRegex(table.BadTable, "neither"):
            self.rows("attention.txt", ATTENTION)

    def test_an_unknown_table_says_what_is_missing(self):
        with self.assertRaisesRegex(table.BadTable, "no column gemm_dtype"):
            self.rows("x.txt", "a,b\n1,2\n")
        with self.assertRaisesRegex(table.BadTable, "no column n"):
            self.rows("gemm_perf.txt", GEMM.replace(",n,", ",z,"))

    def parquet(self, name, text, **types):
        """The same table as real Parquet, columns typed as the collectors' are."""
        columns = list(zip(*csv.reader(io.StringIO(text))))
        read = {column[0]: [types.get(column[0], str)(value) for value in column[1:]] for column in columns}
        path = os.path.join(self.folder.name, name)
        pyarrow.parquet.write_table(pyarrow.table(read), path)
        return path

    @unittest.skipUnless(pyarrow, "needs pyarrow")
    def test_parquet_gives_the_rows_that_the_same_text_gives(self):
        shape = dict(m=int, n=int, k=int, latency=float)
        path = self.parquet("gemm_perf.parquet", GEMM, **shape)
        header, row = list(table.convert(path))
        self.assertEqual(dict(zip(header, row)), {**self.rows("gemm_perf.txt", GEMM)[0], "m": 8, "n": 128, "k": 64, "latency_ms": 0.0031})
        # As a whole program: the file has one line a row, and no partial file stays.
        output = os.path.join(self.folder.name, "gemm.csv")
        table.main([path, "--output", output])
        with open(output, newline="") as file:
            line, = csv.DictReader(file)
        self.assertEqual((line["op"], line["m"], line["latency_ms"]), ("gemm", "8", "0.0031"))
        self.assertFalse(os.path.exists(output + ".partial"))

    @unittest.skipUnless(pyarrow, "needs pyarrow")
    def test_parquet_that_is_cut_off_is_an_error_that_names_the_file(self):
        path = self.parquet("nccl_perf.parquet", NCCL)
        with open(path, "r+b") as file:
            file.truncate(os.path.getsize(path) - 20)
        with self.assertRaisesRegex(table.BadTable, "nccl_perf.parquet: cannot be read"):
            list(table.convert(path))


if __name__ == "__main__":
    unittest.main()
