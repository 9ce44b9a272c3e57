#include "include/rk_attention.h"

#include <string.h>

#include "isa/table.h"

int rk_attention_prefill(const rk_attention *attention) {
    const long rows = attention->queries * (attention->heads / attention->kv_heads);
    _Atomic int failed = 0;
    const rk_attention_work work = { attention, 0, 1, (rows + attention_rows - 1) / attention_rows, &failed };
    rk_parallel(work.row_blocks * attention->batch * attention->kv_heads, 1, rk_table_in_use()->attention_prefill, &work);
    return failed ? -1 : 0;
}

int rk_attention_decode(const rk_attention *attention) {
    const rk_table *table = rk_table_in_use();
    long longest = 1;
    for (long i = 0; i < attention->batch; i++) longest = attention->context[i] > longest ? attention->context[i] : longest;
    // Four parts for every thread, but none shorter than 256 keys: merging costs time, too.
    const long pairs = attention->batch * attention->kv_heads, wanted = (4l * rk_threads() + pairs - 1) / pairs;
    const long most = longest / 256, splits = wanted < most ? wanted : most > 1 ? most : 1;
    float *partial = rk_scratch(4, (long)sizeof(float) * attention->batch * attention->heads * splits * RK_PARTIAL);
    if (!partial) return -1;
    _Atomic int failed = 0;
    const rk_attention_work work = { attention, partial, splits, 0, &failed };
    rk_parallel(pairs * splits, 1, table->attention_decode, &work);
    if (failed) return -1;
    const long rows = attention->batch * attention->heads;
    rk_parallel(rows, splits == 1 ? rows : rk_grain(rows, 2), table->attention_merge, &work);
    return 0;
}

void rk_cache_write(float *keys, float *values, const float *new_keys, const float *new_values, long rows, long kv_heads,
                    long dimension, long capacity, long first) {
    for (long r = 0; r < rows; r++)
        for (long h = 0; h < kv_heads; h++) {
            const long token = first + r, from = (r * kv_heads + h) * dimension;
            memcpy(values + (h * capacity + token) * dimension, new_values + from, sizeof(float) * (size_t)dimension);
            float *block = keys + (h * capacity + token / RK_KEY_BLOCK * RK_KEY_BLOCK) * dimension + token % RK_KEY_BLOCK;
            for (long i = 0; i < dimension; i++) block[i * RK_KEY_BLOCK] = new_keys[from + i];
        }
}
