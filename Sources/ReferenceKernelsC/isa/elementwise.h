// Norms, activations, rotary and the weighted sum of experts, each on a range of rows or elements.
#pragma once

/// Runs `body` on whole vectors of [0, count), then on the rest.
#define FOR_LANES(count, whole, part)                       \
    {                                                       \
        long i = 0;                                         \
        for (; i + LANES <= (count); i += LANES) { whole; } \
        const long left = (count) - i;                      \
        if (left > 0) { part; }                             \
    }

static void rms_norm(const void *context, long begin, long end) {
    const rk_rows *p = context;
    const long width = p->width;
    for (long r = begin; r < end; r++) {
        const float *x = p->x + r * width;
        float *out = p->out + r * width;
        vf squares[4] = {};
        long i = 0;
        for (; i + 4 * LANES <= width; i += 4 * LANES)
            for (int u = 0; u < 4; u++) {
                vf v = load(x + i + u * LANES);
                squares[u] += v * v;
            }
        float total = lane_sum((squares[0] + squares[1]) + (squares[2] + squares[3]));
        for (; i < width; i++) total += x[i] * x[i];
        const float factor = 1.0f / __builtin_sqrtf(total / (float)width + p->epsilon);
        FOR_LANES(width, store(out + i, load(x + i) * factor * load(p->weight + i)),
                  for (long j = i; j < width; j++) out[j] = x[j] * factor * p->weight[j])
    }
}

static void layer_norm(const void *context, long begin, long end) {
    const rk_rows *p = context;
    const long width = p->width;
    for (long r = begin; r < end; r++) {
        const float *x = p->x + r * width;
        float *out = p->out + r * width;
        vf sums = {}, squares = {};
        float total = 0, square = 0;
        FOR_LANES(width, sums += load(x + i), for (long j = i; j < width; j++) total += x[j])
        const float mean = (total + lane_sum(sums)) / (float)width;
        // A second pass over the row, which is in the first-level cache: E[x^2] - E[x]^2 would cancel.
        FOR_LANES(width, vf d = load(x + i) - mean; squares += d * d,
                  for (long j = i; j < width; j++) square += (x[j] - mean) * (x[j] - mean))
        const float factor = 1.0f / __builtin_sqrtf((square + lane_sum(squares)) / (float)width + p->epsilon);
        FOR_LANES(width, store(out + i, (load(x + i) - mean) * factor * load(p->weight + i) + load(p->bias + i)),
                  for (long j = i; j < width; j++) out[j] = (x[j] - mean) * factor * p->weight[j] + p->bias[j])
    }
}

static void softmax(const void *context, long begin, long end) {
    const rk_rows *p = context;
    const long width = p->width;
    for (long r = begin; r < end; r++) {
        const float *x = p->x + r * width;
        float *out = p->out + r * width;
        vf most = splat(-__builtin_inff());
        FOR_LANES(width, most = larger(most, load(x + i)), most = larger(most, load_part(x + i, left, -__builtin_inff())))
        const float top = lane_max(most);
        vf sums = {};
        float total = 0;
        FOR_LANES(width, vf e = exponential(load(x + i) - top); sums += e; store(out + i, e),
                  vf e = exponential(load_part(x + i, left, top) - top); store_part(out + i, e, left);
                  for (long j = i; j < width; j++) total += out[j])
        const float factor = 1.0f / (total + lane_sum(sums));
        FOR_LANES(width, store(out + i, load(out + i) * factor), for (long j = i; j < width; j++) out[j] *= factor)
    }
}

static void silu_mul(const void *context, long begin, long end) {
    const rk_lanewise *p = context;
    const float *a = p->a + begin, *b = p->b + begin;
    float *out = p->out + begin;
    FOR_LANES(end - begin, store(out + i, silu(load(a + i)) * load(b + i)),
              store_part(out + i, silu(load_part(a + i, left, 0)) * load_part(b + i, left, 0), left))
}

static void gelu_all(const void *context, long begin, long end) {
    const rk_lanewise *p = context;
    const float *a = p->a + begin;
    float *out = p->out + begin;
    FOR_LANES(end - begin, store(out + i, gelu(load(a + i))), store_part(out + i, gelu(load_part(a + i, left, 0)), left))
}

static void add(const void *context, long begin, long end) {
    const rk_lanewise *p = context;
    const float *a = p->a + begin, *b = p->b + begin;
    float *out = p->out + begin;
    FOR_LANES(end - begin, store(out + i, load(a + i) + load(b + i)), for (long j = i; j < end - begin; j++) out[j] = a[j] + b[j])
}

static void rotary(const void *context, long begin, long end) {
    const rk_rotation *p = context;
    const long half = p->dimension / 2;
    for (long r = begin; r < end; r++) {
        const float *cosines = p->angles + (long)p->positions[r] * p->dimension, *sines = cosines + half;
        for (long h = 0; h < p->heads; h++) {
            float *low = p->x + (r * p->heads + h) * p->dimension, *high = low + half;
            FOR_LANES(half, vf a = load(low + i); vf b = load(high + i); vf c = load(cosines + i); vf s = load(sines + i);
                      store(low + i, a * c - b * s); store(high + i, b * c + a * s),
                      for (long j = i; j < half; j++) {
                          const float a = low[j];
                          const float b = high[j];
                          low[j] = a * cosines[j] - b * sines[j];
                          high[j] = b * cosines[j] + a * sines[j];
                      })
        }
    }
}

static void combine(const void *context, long begin, long end) {
    const rk_combination *p = context;
    const long width = p->width;
    for (long t = begin; t < end; t++) {
        float *out = p->out + t * width;
        const int *slots = p->slots + t * p->k;
        const float *weights = p->weights + t * p->k;
        FOR_LANES(width,
                  vf sum = {};
                  for (long j = 0; j < p->k; j++) sum += load(p->x + slots[j] * width + i) * weights[j];
                  store(out + i, sum),
                  for (long c = i; c < width; c++) {
                      float sum = 0;
                      for (long j = 0; j < p->k; j++) sum += p->x[slots[j] * width + c] * weights[j];
                      out[c] = sum;
                  })
    }
}
