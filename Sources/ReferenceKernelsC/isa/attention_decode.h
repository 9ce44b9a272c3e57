// Attention of one query a sequence: the cache is streamed once for all query heads that share a key head, and the
// context is split so that every thread has a part.
#pragma once

// Vectors of a value row held in registers per query head.
#define VALUE_VECTORS (LANES == 16 ? 8 : 4)

// Keys of one tile: few enough that its values and what is asked for meanwhile share the first-level cache.
#define DECODE_KEYS 32
// Heads that share one pass over the keys: their sums are in registers.
#define SCORE_HEADS (LANES == 16 ? 8 : LANES == 8 ? 4 : 2)

// With few heads, memory is the limit and the processor's own prefetchers do. With many, arithmetic takes as long as
// memory, and memory must not wait for it: while the scores are computed the values of the tile are asked for, and while
// the values are weighed the keys of the next tile. Addresses past the cache are harmless.
#define ASKS_AHEAD(G) ((G) >= 4)

/// scores[h * DECODE_KEYS + j] of G heads with the first `count` keys, whole blocks; `q` is scaled. Asks for as many
/// floats at `ahead`, unless it is null.
INLINE void scores_of(float *scores, const float *q, const float *keys, const float *ahead, long count, long d, const int G) {
    enum { V = RK_KEY_BLOCK / LANES };
    const int U = SCORE_HEADS / G;  // sums that alternate, so that there are always enough in flight
    for (long j = 0; j < count; j += RK_KEY_BLOCK) {
        const float *block = keys + j * d;
        vf sums[8][V] = {};
        long i = 0;
        for (; i + U <= d; i += U) {
            if (ahead) ask_for_soon(ahead + j * d + i * RK_KEY_BLOCK);
#pragma clang loop unroll(full)
            for (int u = 0; u < U; u++)
                for (int v = 0; v < V; v++) {
                    vf ks = load(block + (i + u) * RK_KEY_BLOCK + v * LANES);
                    for (int h = 0; h < G; h++) sums[h * U + u][v] += ks * splat(q[h * RK_HEAD_MAX + i + u]);
                }
        }
        for (; i < d; i++)
            for (int v = 0; v < V; v++) {
                vf ks = load(block + i * RK_KEY_BLOCK + v * LANES);
                for (int h = 0; h < G; h++) sums[h * U][v] += ks * splat(q[h * RK_HEAD_MAX + i]);
            }
        for (int h = 0; h < G; h++)
            for (int v = 0; v < V; v++) {
                vf sum = sums[h * U][v];
                for (int u = 1; u < U; u++) sum += sums[h * U + u][v];
                store(scores + h * DECODE_KEYS + j + v * LANES, sum);
            }
    }
}

/// V vectors of `weigh_values` from element `i` on.
INLINE void weigh_vectors(float *o, const float *p, const float *factor, const float *values, const float *ahead, long lines, long count, long d, long i,
                          const int G, const int V) {
    vf sums[2][8];
    for (int h = 0; h < G; h++)
        for (int v = 0; v < V; v++) sums[h][v] = load(o + h * RK_PARTIAL + i + v * LANES) * factor[h];
    for (long j = 0; j < count; j++) {
        if (i == 0)
            for (long line = 0; line < lines; line++) ask_for_soon(ahead + (j * lines + line) * 16);
        vf vs[8];
        for (int v = 0; v < V; v++) vs[v] = load(values + j * d + i + v * LANES);
        for (int h = 0; h < G; h++) {
            vf pj = splat(p[h * DECODE_KEYS + j]);
            for (int v = 0; v < V; v++) sums[h][v] += pj * vs[v];
        }
    }
    for (int h = 0; h < G; h++)
        for (int v = 0; v < V; v++) store(o + h * RK_PARTIAL + i + v * LANES, sums[h][v]);
}

/// o[h] = o[h] * factor[h] + sum over j of p[h][j] * value[j], for one or two heads. Asks for `lines` of 64 bytes for each
/// key from `ahead` on.
INLINE void weigh_values(float *o, const float *p, const float *factor, const float *values, const float *ahead, long lines, long count, long d, const int G) {
    long i = 0;
    for (; i + VALUE_VECTORS * LANES <= d; i += VALUE_VECTORS * LANES)
        weigh_vectors(o, p, factor, values, ahead, lines, count, d, i, G, VALUE_VECTORS);
    if (i + VALUE_VECTORS / 2 * LANES <= d) {
        weigh_vectors(o, p, factor, values, ahead, lines, count, d, i, G, VALUE_VECTORS / 2);
        i += VALUE_VECTORS / 2 * LANES;
    }
    for (; i + LANES <= d; i += LANES) weigh_vectors(o, p, factor, values, ahead, lines, count, d, i, G, 1);
    for (; i < d; i++)
        for (int h = 0; h < G; h++) {
            float sum = o[h * RK_PARTIAL + i] * factor[h];
            for (long j = 0; j < count; j++) sum += values[j * d + i] * p[h * DECODE_KEYS + j];
            o[h * RK_PARTIAL + i] = sum;
        }
}

/// G heads (1, 2, 4 or 8) over one tile of keys; partial is [G, RK_PARTIAL]: maximum, sum, weighted values.
INLINE void decode_tile(float *partial, const float *q, const float *keys, const float *values, long count, long d, const int G) {
    float scores[8 * DECODE_KEYS], factor[8];
    const int S = G < SCORE_HEADS ? G : SCORE_HEADS;
    for (int h = 0; h < G; h += S)
        scores_of(scores + h * DECODE_KEYS, q + h * RK_HEAD_MAX, keys, ASKS_AHEAD(G) && h == 0 ? values : 0, count, d, S);
    // The softmax of all heads step by step, not head by head: one waits for its results, eight fill the pipelines.
    const long padded = (count + LANES - 1) / LANES * LANES;
    float top[8], change[16];
    for (int h = 0; h < G; h++) {
        float *s = scores + h * DECODE_KEYS;
        for (long j = count; j < padded; j++) s[j] = -__builtin_inff();
        vf tops = splat(partial[h * RK_PARTIAL]);
        for (long j = 0; j < padded; j += LANES) tops = larger(tops, load(s + j));
        top[h] = lane_max(tops);
        change[h] = partial[h * RK_PARTIAL] - top[h];
        partial[h * RK_PARTIAL] = top[h];
    }
    vf sums[8] = {};  // what stands behind `count` adds 1e-38, less than any roundoff
    for (long j = 0; j < padded; j += LANES)
        for (int h = 0; h < G; h++) {
            vf e = exponential(load(scores + h * DECODE_KEYS + j) - top[h]);
            store(scores + h * DECODE_KEYS + j, e);
            sums[h] += e;
        }
    for (int h = G; h < 16; h++) change[h] = 0;
    for (int h = 0; h < G; h += LANES) {
        float now[LANES];
        store(now, exponential(load(change + h)));
        for (int i = 0; i < LANES && h + i < G; i++) factor[h + i] = now[i];
    }
    for (int h = 0; h < G; h++) partial[h * RK_PARTIAL + 1] = partial[h * RK_PARTIAL + 1] * factor[h] + lane_sum(sums[h]);
    // Two heads at a time: whole rows in order, from the second time on out of the first-level cache.
    const long lines = ASKS_AHEAD(G) ? (d / 16 * 2 + G - 1) / G : 0;
    for (int h = 0; h < G; h += 2)
        weigh_values(partial + h * RK_PARTIAL + 2, scores + h * DECODE_KEYS, factor + h, values,
                     keys + DECODE_KEYS * d + h / 2 * lines * DECODE_KEYS * 16, lines, count, d, G < 2 ? 1 : 2);
}

/// Items are (sequence, key head, split); the partial results are [sequence, head, split, RK_PARTIAL].
static void attention_decode(const void *context, long begin, long end) {
    const rk_attention_work *work = context;
    const rk_attention *p = work->attention;
    const long d = p->dimension, group = p->heads / p->kv_heads;
    float *q = rk_scratch(2, (long)sizeof(float) * group * (RK_HEAD_MAX + RK_PARTIAL));
    if (!q) {
        *work->failed = 1;
        return;
    }
    float *partial = q + group * RK_HEAD_MAX;
    for (long item = begin; item < end; item++) {
        const long split = item % work->splits, pair = item / work->splits;
        const long sequence = pair / p->kv_heads, kv = pair % p->kv_heads, length = p->context[sequence];
        const long tiles = (length + DECODE_KEYS - 1) / DECODE_KEYS;
        const long first = tiles * split / work->splits * DECODE_KEYS;
        const long last = tiles * (split + 1) / work->splits * DECODE_KEYS;
        const long stop = last < length ? last : length;
        const float *keys = p->keys + pair * p->capacity * d, *values = p->values + pair * p->capacity * d;
        memset(partial, 0, sizeof(float) * (size_t)(group * RK_PARTIAL));
        for (long h = 0; h < group; h++) {
            const float *query = p->q + (sequence * p->heads + kv * group + h) * d;
            for (long i = 0; i < d; i++) q[h * RK_HEAD_MAX + i] = query[i] * p->scale;
            partial[h * RK_PARTIAL] = -__builtin_inff();
        }
        for (long j = first; j < stop; j += DECODE_KEYS) {
            const long count = stop - j < DECODE_KEYS ? stop - j : DECODE_KEYS;
            long h = 0;
            for (; h + 8 <= group; h += 8) decode_tile(partial + h * RK_PARTIAL, q + h * RK_HEAD_MAX, keys + j * d, values + j * d, count, d, 8);
            for (; h + 4 <= group; h += 4) decode_tile(partial + h * RK_PARTIAL, q + h * RK_HEAD_MAX, keys + j * d, values + j * d, count, d, 4);
            for (; h + 2 <= group; h += 2) decode_tile(partial + h * RK_PARTIAL, q + h * RK_HEAD_MAX, keys + j * d, values + j * d, count, d, 2);
            for (; h < group; h++) decode_tile(partial + h * RK_PARTIAL, q + h * RK_HEAD_MAX, keys + j * d, values + j * d, count, d, 1);
        }
        for (long h = 0; h < group; h++) {
            const long row = (sequence * p->heads + kv * group + h) * work->splits + split;
            memcpy(work->partial + row * RK_PARTIAL, partial + h * RK_PARTIAL, sizeof(float) * (size_t)(2 + d));
        }
    }
}

/// Items are (sequence, head): the parts are brought to one maximum and added.
static void attention_merge(const void *context, long begin, long end) {
    const rk_attention_work *work = context;
    const rk_attention *p = work->attention;
    const long d = p->dimension;
    for (long row = begin; row < end; row++) {
        const float *parts = work->partial + row * work->splits * RK_PARTIAL;
        float *out = p->out + row * d;
        float top = parts[0], total = 0;
        for (long s = 1; s < work->splits; s++) top = parts[s * RK_PARTIAL] > top ? parts[s * RK_PARTIAL] : top;
        memset(out, 0, sizeof(float) * (size_t)d);
        for (long s = 0; s < work->splits; s++) {
            const float *part = parts + s * RK_PARTIAL;
            if (part[1] == 0) continue;
            const float factor = exponential(splat(part[0] - top))[0];
            total += part[1] * factor;
            for (long i = 0; i < d; i++) out[i] += part[2 + i] * factor;
        }
        for (long i = 0; i < d; i++) out[i] /= total;
    }
}
