// Products with few rows of X: the weights are streamed once, a few of their rows side by side.
#pragma once

// Rows of W side by side; registers bound it.
#define STREAMS (LANES == 16 ? 4 : 2)

/// Rows of X side by side: 4, 2 or 1. Calls `block(c, r, C, R)` with constant C and R over the whole range; for four rows
/// `four` columns side by side, so that all sums stay in registers.
#define FOR_BLOCKS(block, four)                                                             \
    for (long c = column_begin; c < column_end;) {                                          \
        int wide = c + STREAMS <= column_end;                                               \
        for (long r = row_begin; r < row_end;) {                                            \
            long left = row_end - r;                                                        \
            if (left >= 4) {                                                                \
                if (wide) for (int part = 0; part < STREAMS; part += four) block(p, c + part, r, four, 4); \
                else block(p, c, r, 1, 4);                                                  \
                r += 4;                                                                     \
            }                                                                               \
            else if (left >= 2) { if (wide) block(p, c, r, STREAMS, 2); else block(p, c, r, 1, 2); r += 2; } \
            else { if (wide) block(p, c, r, STREAMS, 1); else block(p, c, r, 1, 1); r += 1; } \
        }                                                                                   \
        c += wide ? STREAMS : 1;                                                            \
    }

// Rows are short streams that hardware prefetchers lose at every end: while a row is read, the same place of the row that
// comes C rows later is asked for, and its scales. Addresses past the end of the matrix are harmless.

// MARK: fp32

INLINE void block_fp32(const rk_product *p, long c, long r, const int C, const int R) {
    const long k = p->weights->k, n = p->weights->n;
    const float *w = (const float *)p->weights->values + c * k;
    const float *x = p->x + r * k;
    const int U = R == 1 ? 2 : 1;  // enough independent sums to hide the latency of the FMA
    vf sums[4][4][2] = {};
    long i = 0;
    for (; i + U * LANES <= k; i += U * LANES)
        for (int u = 0; u < U; u++) {
            vf xs[4];
            for (int b = 0; b < R; b++) xs[b] = load(x + b * k + i + u * LANES);
            for (int a = 0; a < C; a++) {
                if ((i + u * LANES) % 16 == 0) ask_for(w + (C + a) * k + i + u * LANES);
                vf ws = load(w + a * k + i + u * LANES);
                for (int b = 0; b < R; b++) sums[a][b][u] += ws * xs[b];
            }
        }
    for (int a = 0; a < C; a++)
        for (int b = 0; b < R; b++) {
            float total = lane_sum(sums[a][b][0] + sums[a][b][1]);
            for (long j = i; j < k; j++) total += w[a * k + j] * x[b * k + j];
            p->y[(r + b) * n + c + a] = total;
        }
}

// MARK: int8

INLINE void block_int8(const rk_product *p, long c, long r, const int C, const int R) {
    const rk_weights *w = p->weights;
    const long k = rk_padded(rk_int8, w->k), group = w->group, groups = k / group;
    const signed char *values = (const signed char *)w->values + c * k;
    const unsigned short *scales = w->scales + c * groups;
    const float *x = p->prepared + r * k;
    vf sums[4][4] = {};
    for (long g = 0; g < groups; g++) {
        vf part[4][4] = {};
        for (long i = g * group; i < (g + 1) * group; i += LANES) {
            vf xs[4];
            for (int b = 0; b < R; b++) xs[b] = load(x + b * k + i);
            for (int a = 0; a < C; a++) {
                if (i % 64 == 0) ask_for(values + (C + a) * k + i);
                vf ws = __builtin_convertvector(*(const vb_at *)(values + a * k + i), vf);
                for (int b = 0; b < R; b++) part[a][b] += ws * xs[b];
            }
        }
        for (int a = 0; a < C; a++) {
            if (g % 32 == 0) ask_for(scales + (C + a) * groups + g);
            for (int b = 0; b < R; b++) sums[a][b] += part[a][b] * bf16(scales[a * groups + g]);
        }
    }
    for (int a = 0; a < C; a++)
        for (int b = 0; b < R; b++) p->y[(r + b) * w->n + c + a] = lane_sum(sums[a][b]);
}

// MARK: int4

// Four bits b placed at the top of the mantissa of 1.0 make 1 + b/16, exactly and without a conversion:
// scale * (b - 8) = 16 * scale * ((1 + b/16) - 1.5). The constant part, -1.5 times the sum of the group's x, is the
// start value of the sum (`prepare_int4`).
INLINE vf widened(vu words, const int nibble) {
    const int shift = 19 - 4 * nibble;
    vu bits = shift >= 0 ? words << (shift > 0 ? shift : 0) : words >> (shift < 0 ? -shift : 0);
    return as_float((bits & 0x00780000u) | 0x3f800000u);
}

/// One block of 128 weights and groups of G * 16.
INLINE void int4_blocks(const rk_product *p, long c, long r, const int C, const int R, const int G) {
    const rk_weights *w = p->weights;
    const long k = rk_padded(rk_int4, w->k), blocks = k / 128;
    const int per = 8 / G;  // groups of a block
    const long groups = blocks * per, stride = k + groups * 16;
    const unsigned *words = (const unsigned *)w->values + c * blocks * 16;
    const unsigned short *scales = w->scales + c * groups;
    const float *x = p->prepared + r * stride;
    vf sums[4][4] = {};
    for (long block = 0; block < blocks; block++)
        for (int half = 0; half < 16; half += LANES) {
            vu ws[4];
            for (int a = 0; a < C; a++) {
                ws[a] = *(const vu_at *)(words + (a * blocks + block) * 16 + half);
                if (half == 0) ask_for(words + ((C + a) * blocks + block) * 16);
            }
#pragma clang loop unroll(full)
            for (int g = 0; g < per; g++) {
                const long group = block * per + g;
                vf part[4][4];
                for (int b = 0; b < R; b++) {
                    vf start = load(x + b * stride + k + group * 16 + half);
                    for (int a = 0; a < C; a++) part[a][b] = start;
                }
#pragma clang loop unroll(full)
                for (int j = g * G; j < (g + 1) * G; j++) {
                    vf xs[4];
                    for (int b = 0; b < R; b++) xs[b] = load(x + b * stride + block * 128 + j * 16 + half);
                    for (int a = 0; a < C; a++) {
                        vf wide = widened(ws[a], j);
                        for (int b = 0; b < R; b++) part[a][b] += wide * xs[b];
                    }
                }
                for (int a = 0; a < C; a++) {
                    if (group % 32 == 0) ask_for(scales + (C + a) * groups + group);
                    float scale = 16 * bf16(scales[a * groups + group]);
                    for (int b = 0; b < R; b++) sums[a][b] += part[a][b] * scale;
                }
            }
        }
    for (int a = 0; a < C; a++)
        for (int b = 0; b < R; b++) p->y[(r + b) * w->n + c + a] = lane_sum(sums[a][b]);
}

#if INTEGER_DOTS
#include "gemv_integer.h"
#endif

INLINE void block_int4(const rk_product *p, long c, long r, const int C, const int R) {
#if INTEGER_DOTS
    if (p->weights->group == 128) {
        block_int4_integer(p, c, r, C, R);
        return;
    }
#endif
    if (p->weights->group == 128) int4_blocks(p, c, r, C, R, 8);
    else if (p->weights->group == 64) int4_blocks(p, c, r, C, R, 4);
    else int4_blocks(p, c, r, C, R, 2);
}

// MARK: 2:4 sparse

INLINE vf chosen(vf x0, vf x1, vf x2, vf x3, unsigned low, unsigned high) {
    vu lanes;
    for (int i = 0; i < LANES; i++) lanes[i] = 1u << i;
    vi odd = (lanes & low) != 0, upper = (lanes & high) != 0;
    vf even_or_odd = odd ? x1 : x0, upper_two = odd ? x3 : x2;
    return upper ? upper_two : even_or_odd;
}

INLINE void block_sparse24(const rk_product *p, long c, long r, const int C, const int R) {
    const rk_weights *w = p->weights;
    const long k = rk_padded(rk_sparse24, w->k), blocks = k / 64;
    const float *values = (const float *)w->values + c * blocks * 32;
    const unsigned short *indices = w->indices + c * blocks * 4;
    const float *x = p->prepared + r * k;
    vf sums[4][4] = {};
    for (long block = 0; block < blocks; block++)
        for (int half = 0; half < 16; half += LANES)
            for (int b = 0; b < R; b++) {
                const float *xs = x + b * k + block * 64 + half;
                vf x0 = load(xs), x1 = load(xs + 16), x2 = load(xs + 32), x3 = load(xs + 48);
                for (int a = 0; a < C; a++) {
                    const float *kept = values + (a * blocks + block) * 32 + half;
                    const unsigned short *bits = indices + (a * blocks + block) * 4;
                    if (half == 0) {
                        ask_for(kept + 256);  // a row of values is long: eight blocks ahead in the same one
                        ask_for(kept + 272);
                        ask_for(bits + 128);
                    }
                    sums[a][b] += load(kept) * chosen(x0, x1, x2, x3, bits[0] >> half, bits[1] >> half);
                    sums[a][b] += load(kept + 16) * chosen(x0, x1, x2, x3, bits[2] >> half, bits[3] >> half);
                }
            }
    for (int a = 0; a < C; a++)
        for (int b = 0; b < R; b++) p->y[(r + b) * w->n + c + a] = lane_sum(sums[a][b]);
}

// MARK: The range of one thread

static void multiply_skinny(const rk_product *p, long column_begin, long column_end, long row_begin, long row_end) {
    switch (p->weights->format) {
    case rk_fp32: FOR_BLOCKS(block_fp32, STREAMS) break;
    case rk_int8: FOR_BLOCKS(block_int8, STREAMS / 2) break;
    case rk_int4: FOR_BLOCKS(block_int4, STREAMS / 2) break;
    case rk_sparse24: FOR_BLOCKS(block_sparse24, STREAMS) break;
    }
}

/// Lays rows of X out as the streaming products read them: padded; for int4 followed by -1.5 times the sums of each
/// group over the words' lanes; for 2:4 the four positions of the fours apart.
static void prepare_skinny(const rk_product *p, long begin, long end) {
    const rk_weights *w = p->weights;
    const long k = w->k, padded = rk_padded(w->format, k);
    const long groups = w->format == rk_int4 ? padded / w->group : 0, stride = padded + groups * 16;
    for (long r = begin; r < end; r++) {
        const float *x = p->x + r * k;
        float *out = p->prepared + r * stride;
#if INTEGER_DOTS
        if (w->format == rk_int4 && w->group == 128) {
            for (long i = 0; i < padded; i += 128) prepare_integers((integer_block *)out + i / 128, x + i, k - i < 128 ? k - i : 128);
            continue;
        }
#endif
        if (w->format == rk_sparse24) {
            for (long i = 0; i < padded; i++) out[i / 64 * 64 + i % 4 * 16 + i % 64 / 4] = i < k ? x[i] : 0;
            continue;
        }
        memcpy(out, x, sizeof(float) * (size_t)k);
        memset(out + k, 0, sizeof(float) * (size_t)(padded - k));
        for (long g = 0; g < groups; g++)
            for (int half = 0; half < 16; half += LANES) {
                vf sum = {};
                for (long i = g * w->group; i < (g + 1) * w->group; i += 16) sum += load(out + i + half);
                store(out + padded + g * 16 + half, sum * -1.5f);
            }
    }
}
