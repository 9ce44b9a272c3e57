// Causal attention in tiles with an online softmax (Dao, "FlashAttention-2", arXiv 2307.08691, algorithm 1): scores of
// attention_rows queries by attention_keys keys at a time, never in memory.
#pragma once

typedef struct {
    float q[attention_rows * RK_HEAD_MAX];    // scaled queries, [rows, RK_HEAD_MAX]
    float v[attention_keys * RK_HEAD_MAX];    // values by panel, [dimension / TILE_COLUMNS][keys, TILE_COLUMNS]
    float s[attention_rows * attention_keys]; // scores, then probabilities
    float o[attention_rows * RK_HEAD_MAX];    // unnormalised output, [rows, RK_HEAD_MAX]
    float most[attention_rows], total[attention_rows];
    long limit[attention_rows];               // keys that each row sees
} prefill_tiles;

/// Copies values [first, first + count) into panels, absent columns zero.
static void pack_values(prefill_tiles *t, const float *values, long first, long count, long d) {
    for (long c = 0; c < d; c += TILE_COLUMNS) {
        const long columns = d - c < TILE_COLUMNS ? d - c : TILE_COLUMNS;
        float *panel = t->v + c * attention_keys;
        for (long i = 0; i < count; i++) {
            memcpy(panel + i * TILE_COLUMNS, values + (first + i) * d + c, sizeof(float) * (size_t)columns);
            for (long j = columns; j < TILE_COLUMNS; j++) panel[i * TILE_COLUMNS + j] = 0;
        }
    }
}

/// Scores of row `r` to probabilities, with the running maximum and sum; scales what was summed before.
static void online_softmax(prefill_tiles *t, long r, long visible, long d) {
    float *s = t->s + r * attention_keys;
    if (visible <= 0) {
        memset(s, 0, sizeof(float) * attention_keys);
        return;
    }
    for (long j = visible; j < attention_keys; j++) s[j] = -__builtin_inff();
    vf tops = load(s);
    for (long j = LANES; j < attention_keys; j += LANES) tops = larger(tops, load(s + j));
    float top = lane_max(tops);
    if (top < t->most[r]) top = t->most[r];
    vf sums = {};
    for (long j = 0; j < attention_keys; j += LANES) {
        vf e = exponential(load(s + j) - top);
        store(s + j, e);
    }
    for (long j = visible; j < attention_keys; j++) s[j] = 0;
    for (long j = 0; j < attention_keys; j += LANES) sums += load(s + j);
    if (top > t->most[r]) {
        const float factor = exponential(splat(t->most[r] - top))[0];
        float *o = t->o + r * RK_HEAD_MAX;
        for (long i = 0; i < d; i += LANES) store(o + i, load(o + i) * factor);
        t->total[r] *= factor;
        t->most[r] = top;
    }
    t->total[r] += lane_sum(sums);
}

/// Rows [first, first + rows) of one sequence and key head; row = query * (heads / kv_heads) + head within the group.
static void prefill_block(prefill_tiles *t, const rk_attention *p, long sequence, long kv, long first, long rows) {
    const long d = p->dimension, group = p->heads / p->kv_heads, context = p->context[sequence];
    const float *keys = p->keys + (sequence * p->kv_heads + kv) * p->capacity * d;
    const float *values = p->values + (sequence * p->kv_heads + kv) * p->capacity * d;
    memset(t->q, 0, sizeof t->q);
    memset(t->o, 0, sizeof t->o);
    long seen = 0;
    for (long r = 0; r < rows; r++) {
        const long query = (first + r) / group, head = kv * group + (first + r) % group;
        const float *q = p->q + ((sequence * p->queries + query) * p->heads + head) * d;
        for (long i = 0; i < d; i++) t->q[r * RK_HEAD_MAX + i] = q[i] * p->scale;
        t->most[r] = -__builtin_inff();
        t->total[r] = 0;
        t->limit[r] = context - p->queries + 1 + query;
        if (t->limit[r] > seen) seen = t->limit[r];
    }
    for (long key = 0; key < seen; key += attention_keys) {
        const long count = seen - key < attention_keys ? seen - key : attention_keys;
        pack_values(t, values, key, count, d);
        for (long r = 0; r < rows; r += TILE_ROWS)
            for (long c = 0; c < attention_keys; c += TILE_COLUMNS) {
                vf sums[TILE_ROWS][2] = {};
                // The keys of the cache are columns as they are; two vectors of 16 lie in two blocks.
                const float *block = keys + (key + c) / RK_KEY_BLOCK * RK_KEY_BLOCK * d + (key + c) % RK_KEY_BLOCK;
                tile(sums, t->q + r * RK_HEAD_MAX, RK_HEAD_MAX, block, RK_KEY_BLOCK, LANES == RK_KEY_BLOCK ? RK_KEY_BLOCK * d : LANES, d);
                finish_tile(sums, t->s + r * attention_keys + c, attention_keys, TILE_ROWS, TILE_COLUMNS);
            }
        for (long r = 0; r < rows; r++) {
            const long visible = t->limit[r] - key;
            online_softmax(t, r, visible < attention_keys ? visible : attention_keys, d);
        }
        for (long r = 0; r < rows; r += TILE_ROWS)
            for (long c = 0; c < d; c += TILE_COLUMNS) {
                float *o = t->o + r * RK_HEAD_MAX + c;
                vf sums[TILE_ROWS][2];
                start_tile(sums, o, RK_HEAD_MAX, TILE_ROWS, TILE_COLUMNS);
                tile(sums, t->s + r * attention_keys, attention_keys, t->v + c * attention_keys, TILE_COLUMNS, LANES, count);
                finish_tile(sums, o, RK_HEAD_MAX, TILE_ROWS, TILE_COLUMNS);
            }
    }
    for (long r = 0; r < rows; r++) {
        const long query = (first + r) / group, head = kv * group + (first + r) % group;
        float *out = p->out + ((sequence * p->queries + query) * p->heads + head) * d;
        const float factor = 1.0f / t->total[r];
        for (long i = 0; i < d; i++) out[i] = t->o[r * RK_HEAD_MAX + i] * factor;
    }
}

/// Items are blocks of attention_rows rows, the last (longest) of each sequence and head first.
static void attention_prefill(const void *context, long begin, long end) {
    const rk_attention_work *work = context;
    const rk_attention *p = work->attention;
    prefill_tiles *tiles = rk_scratch(2, sizeof *tiles);
    if (!tiles) {
        *work->failed = 1;
        return;
    }
    const long rows = p->queries * (p->heads / p->kv_heads), pairs = p->batch * p->kv_heads;
    for (long item = begin; item < end; item++) {
        const long block = work->row_blocks - 1 - item / pairs, pair = item % pairs;
        const long first = block * attention_rows, left = rows - first;
        prefill_block(tiles, p, pair / p->kv_heads, pair % p->kv_heads, first, left < attention_rows ? left : attention_rows);
    }
}
