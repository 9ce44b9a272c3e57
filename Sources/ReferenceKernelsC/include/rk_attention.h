#pragma once

/// Grouped-query attention over a cache, fp32.
///
/// q and out are [batch, queries, heads, dimension]. Values are [batch, kv_heads, capacity, dimension]; keys are
/// [batch, kv_heads, capacity / RK_KEY_BLOCK, dimension, RK_KEY_BLOCK], so that the scores of a block of keys come out side
/// by side (the blocked key cache of PagedAttention, Kwon et al., arXiv 2309.06180, has the same reason). The capacity is
/// a multiple of RK_CAPACITY_STEP.
typedef struct {
    long batch, queries, heads, kv_heads, dimension, capacity;
    const float *q, *keys, *values;
    float *out;
    /// Tokens of each sequence that stand in the cache, its queries' own included.
    const int *context;
    /// Factor of the scores, usually 1 / sqrt(dimension).
    float scale;
} rk_attention;

/// Keys of one block, and what the capacity is a multiple of.
#define RK_KEY_BLOCK 16
#define RK_CAPACITY_STEP 64

/// Largest head dimension.
#define RK_HEAD_MAX 256

/// Causal attention of `queries` tokens a sequence, tiled with an online softmax (Dao, arXiv 2307.08691, section 3.1):
/// query i sees the first context - queries + 1 + i keys. Returns -1 when there is no memory for the tiles.
int rk_attention_prefill(const rk_attention *attention);

/// One query a sequence; the context is split so that all threads work ("Flash-Decoding", Dao et al., 2023).
int rk_attention_decode(const rk_attention *attention);

/// Writes keys and values of `rows` consecutive tokens [rows, kv_heads, dimension] of one sequence into its part of the
/// cache, from token `first` on.
void rk_cache_write(float *keys, float *values, const float *new_keys, const float *new_values, long rows, long kv_heads,
                    long dimension, long capacity, long first);
