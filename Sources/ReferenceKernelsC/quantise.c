#include "include/rk_quantise.h"

#include <math.h>
#include <string.h>

#include "include/rk_threads.h"

typedef struct { float *out; unsigned long seed; long first; float amplitude; } filling;

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014): number `i` of a stream
/// without the ones before it.
static unsigned long mixed(unsigned long seed, unsigned long i) {
    unsigned long z = seed + (i + 1) * 0x9e3779b97f4a7c15ul;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebul;
    return z ^ (z >> 31);
}

static void fill(const void *context, long begin, long end) {
    const filling *p = context;
    for (long i = begin; i < end; i++) {
        const long bits = (long)(mixed(p->seed, (unsigned long)(p->first + i)) >> 40);  // 24 bits: exact in a float
        p->out[i] = ((float)bits * 0x1p-23f - 1.0f) * p->amplitude;
    }
}

void rk_fill_random(float *out, long count, unsigned long seed, long first, float amplitude) {
    const filling work = { out, seed, first, amplitude };
    rk_parallel(count, 1 << 16, fill, &work);
}

long rk_values_bytes(rk_format format, long n, long k) {
    const long padded = rk_padded(format, k);
    switch (format) {
    case rk_fp32: return n * k * 4;
    case rk_int8: return n * padded;
    case rk_int4: return n * padded / 2;
    case rk_sparse24: return n * padded * 2;
    }
    return 0;
}

long rk_scales_bytes(rk_format format, long n, long k, long group) {
    return format == rk_int8 || format == rk_int4 ? n * (rk_padded(format, k) / group) * 2 : 0;
}

long rk_indices_bytes(rk_format format, long n, long k) {
    return format == rk_sparse24 ? n * (rk_padded(format, k) / 16) * 2 : 0;
}

typedef struct { const rk_weights *out; const float *w; } quantising;

static unsigned short to_bf16(float x) {
    unsigned bits = __builtin_bit_cast(unsigned, x);
    return (unsigned short)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);  // to nearest, ties to even
}

static float from_bf16(unsigned short bits) { return __builtin_bit_cast(float, (unsigned)bits << 16); }

/// One row in groups that share a scale; `most` is the largest code.
static void grouped_row(const rk_weights *out, const float *w, long row, int most) {
    const long padded = rk_padded(out->format, out->k), groups = padded / out->group;
    unsigned short *scales = (unsigned short *)out->scales + row * groups;
    for (long g = 0; g < groups; g++) {
        const long first = g * out->group;
        float largest = 0;
        for (long i = first; i < first + out->group && i < out->k; i++) largest = fmaxf(largest, fabsf(w[i]));
        scales[g] = to_bf16(largest / (float)most);
        const float scale = from_bf16(scales[g]);
        for (long i = first; i < first + out->group; i++) {
            const float exact = i < out->k && scale > 0 ? w[i] / scale : 0;
            const int code = (int)lrintf(fminf(fmaxf(exact, (float)-most), (float)most));
            if (out->format == rk_int8) {
                ((signed char *)out->values)[row * padded + i] = (signed char)code;
            } else {
                unsigned *words = (unsigned *)out->values + row * (padded / 8) + i / 128 * 16;
                words[i % 16] |= (unsigned)(code + 8) << (i % 128 / 16 * 4);
            }
        }
    }
}

static void sparse_row(const rk_weights *out, const float *w, long row) {
    const long padded = rk_padded(rk_sparse24, out->k);
    float *values = (float *)out->values + row * (padded / 2);
    unsigned short *indices = (unsigned short *)out->indices + row * (padded / 16);
    for (long i = 0; i < padded; i += 4) {
        float four[4];
        for (int j = 0; j < 4; j++) four[j] = i + j < out->k ? w[i + j] : 0;
        int best = 0, second;
        for (int j = 1; j < 4; j++) if (fabsf(four[j]) > fabsf(four[best])) best = j;
        second = best == 0 ? 1 : 0;
        for (int j = 0; j < 4; j++) if (j != best && fabsf(four[j]) > fabsf(four[second])) second = j;
        const int kept[2] = { best < second ? best : second, best < second ? second : best };
        const long block = i / 64, lane = i % 64 / 4;
        for (int place = 0; place < 2; place++) {
            values[block * 32 + place * 16 + lane] = four[kept[place]];
            unsigned short *bits = indices + block * 4 + place * 2;
            bits[0] |= (unsigned short)((kept[place] & 1) << lane);
            bits[1] |= (unsigned short)((kept[place] >> 1) << lane);
        }
    }
}

static void quantise(const void *context, long begin, long end) {
    const quantising *p = context;
    const rk_weights *out = p->out;
    const long k = out->k;
    for (long row = begin; row < end; row++) {
        const float *w = p->w + row * k;
        switch (out->format) {
        case rk_fp32: memcpy((float *)out->values + row * k, w, sizeof(float) * (size_t)k); break;
        case rk_int8: grouped_row(out, w, row, 127); break;
        case rk_int4: grouped_row(out, w, row, 7); break;
        case rk_sparse24: sparse_row(out, w, row); break;
        }
    }
}

void rk_quantise(const rk_weights *out, const float *w) {
    // Codes and index bits are or-ed in.
    if (out->format == rk_int4) memset((void *)out->values, 0, (size_t)rk_values_bytes(out->format, out->n, out->k));
    if (out->format == rk_sparse24) memset((void *)out->indices, 0, (size_t)rk_indices_bytes(out->format, out->n, out->k));
    const quantising work = { out, w };
    rk_parallel(out->n, rk_grain(out->n, 4), quantise, &work);
}
