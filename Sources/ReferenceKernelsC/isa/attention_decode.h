// Attention of one query a sequence: the cache is streamed once for all query heads that share a key head, and the
// context is split so that every thread has a part.
#pragma once

// Vectors of a value row held in registers per query head.
#define VALUE_VECTORS(G) ((G) <= 2 && LANES == 16 ? 8 : 4)

/// scores[h * attention_keys + j] of G heads with `count` keys; q is scaled, [G, d].
INLINE void scores_of(float *scores, const float *q, const float *keys, long count, long d, const int G) {
    const long whole = d / LANES * LANES;
    for (long j = 0; j < count; j++) {
        const float *key = keys + j * d;
        vf sums[4] = {};
        for (long i = 0; i < whole; i += LANES) {
            vf ks = load(key + i);
            for (int h = 0; h < G; h++) sums[h] += ks * load(q + h * RK_HEAD_MAX + i);
        }
        for (int h = 0; h < G; h++) {
            float total = lane_sum(sums[h]);
            for (long i = whole; i < d; i++) total += key[i] * q[h * RK_HEAD_MAX + i];
            scores[h * attention_keys + j] = total;
        }
    }
}

/// o[h] = o[h] * factor[h] + sum over j of p[h][j] * value[j]
INLINE void weigh_values(float *o, const float *p, const float *factor, const float *values, long count, long d, const int G) {
    const int V = VALUE_VECTORS(G);
    long i = 0;
    for (; i + LANES <= d;) {
        const long vectors = (d - i) / LANES < V ? 1 : V;
        if (vectors == V) {
            vf sums[4][8];
            for (int h = 0; h < G; h++)
                for (int v = 0; v < V; v++) sums[h][v] = load(o + h * RK_PARTIAL + i + v * LANES) * factor[h];
            for (long j = 0; j < count; j++) {
                vf vs[8];
                for (int v = 0; v < V; v++) vs[v] = load(values + j * d + i + v * LANES);
                for (int h = 0; h < G; h++) {
                    vf pj = splat(p[h * attention_keys + j]);
                    for (int v = 0; v < V; v++) sums[h][v] += pj * vs[v];
                }
            }
            for (int h = 0; h < G; h++)
                for (int v = 0; v < V; v++) store(o + h * RK_PARTIAL + i + v * LANES, sums[h][v]);
        } else {
            for (int h = 0; h < G; h++) {
                vf sum = load(o + h * RK_PARTIAL + i) * factor[h];
                for (long j = 0; j < count; j++) sum += load(values + j * d + i) * p[h * attention_keys + j];
                store(o + h * RK_PARTIAL + i, sum);
            }
        }
        i += vectors * LANES;
    }
    for (; i < d; i++)
        for (int h = 0; h < G; h++) {
            float sum = o[h * RK_PARTIAL + i] * factor[h];
            for (long j = 0; j < count; j++) sum += values[j * d + i] * p[h * attention_keys + j];
            o[h * RK_PARTIAL + i] = sum;
        }
}

/// G heads over one tile of keys; partial is [G, RK_PARTIAL]: maximum, sum, weighted values.
INLINE void decode_tile(float *partial, const float *q, const float *keys, const float *values, long count, long d, const int G) {
    float scores[4 * attention_keys], factor[4];
    scores_of(scores, q, keys, count, d, G);
    for (int h = 0; h < G; h++) {
        float *s = scores + h * attention_keys, *head = partial + h * RK_PARTIAL;
        for (long j = count; j < attention_keys; j++) s[j] = -__builtin_inff();
        vf tops = splat(head[0]);
        for (long j = 0; j < attention_keys; j += LANES) tops = larger(tops, load(s + j));
        const float top = lane_max(tops);
        vf sums = {};
        for (long j = 0; j < attention_keys; j += LANES) store(s + j, exponential(load(s + j) - top));
        for (long j = count; j < attention_keys; j++) s[j] = 0;
        for (long j = 0; j < attention_keys; j += LANES) sums += load(s + j);
        factor[h] = exponential(splat(head[0] - top))[0];
        head[1] = head[1] * factor[h] + lane_sum(sums);
        head[0] = top;
    }
    weigh_values(partial + 2, scores, factor, values, count, d, G);
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
        const long tiles = (length + attention_keys - 1) / attention_keys;
        const long first = tiles * split / work->splits * attention_keys;
        const long last = tiles * (split + 1) / work->splits * attention_keys;
        const long stop = last < length ? last : length;
        const float *keys = p->keys + pair * p->capacity * d, *values = p->values + pair * p->capacity * d;
        memset(partial, 0, sizeof(float) * (size_t)(group * RK_PARTIAL));
        for (long h = 0; h < group; h++) {
            const float *query = p->q + (sequence * p->heads + kv * group + h) * d;
            for (long i = 0; i < d; i++) q[h * RK_HEAD_MAX + i] = query[i] * p->scale;
            partial[h * RK_PARTIAL] = -__builtin_inff();
        }
        // Up to four heads share one pass over a tile; the next four find it in the cache.
        for (long j = first; j < stop; j += attention_keys) {
            const long count = stop - j < attention_keys ? stop - j : attention_keys;
            for (long h = 0; h < group; h += 4) {
                float *rows = partial + h * RK_PARTIAL, *qs = q + h * RK_HEAD_MAX;
                switch (group - h) {
                case 1: decode_tile(rows, qs, keys + j * d, values + j * d, count, d, 1); break;
                case 2: decode_tile(rows, qs, keys + j * d, values + j * d, count, d, 2); break;
                case 3: decode_tile(rows, qs, keys + j * d, values + j * d, count, d, 3); break;
                default: decode_tile(rows, qs, keys + j * d, values + j * d, count, d, 4); break;
                }
            }
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
