// Blocked products: a register tile of TILE_ROWS rows of X by two vectors of columns, after Goto and van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication" (2008). Weights of any format are widened to fp32 when their
// block is packed, once for all rows.
#pragma once

#define TILE_COLUMNS (2 * LANES)
#define DEPTH 384           // of a packed block along k; a multiple of every storage block
#define PACKED_COLUMNS 256  // of W in one packed block, which stays in the second-level cache

/// sums += A B with A[TILE_ROWS, k] of row stride `a_stride` and B[k, 2 vectors] of row stride `b_stride`, the second
/// vector `second` behind the first.
INLINE void tile(vf sums[TILE_ROWS][2], const float *a, const long a_stride, const float *b, const long b_stride, const long second, long k) {
    // A copy that is only ever indexed by constants, so that it lives in registers.
    vf s[TILE_ROWS][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < TILE_ROWS; r++) s[r][0] = sums[r][0], s[r][1] = sums[r][1];
    for (long i = 0; i < k; i++) {
        vf b0 = load(b + i * b_stride), b1 = load(b + i * b_stride + second);
#pragma clang loop unroll(full)
        for (int r = 0; r < TILE_ROWS; r++) {
            vf ar = splat(a[r * a_stride + i]);
            s[r][0] += ar * b0;
            s[r][1] += ar * b1;
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < TILE_ROWS; r++) sums[r][0] = s[r][0], sums[r][1] = s[r][1];
}

/// out[i * stride + c] = in[c * k + i] for 4 by 4.
INLINE void transpose4(float *out, long stride, const float *in, long k) {
    f4 a = *(const f4_at *)in, b = *(const f4_at *)(in + k), c = *(const f4_at *)(in + 2 * k), d = *(const f4_at *)(in + 3 * k);
    f4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    f4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    *(f4_at *)out = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    *(f4_at *)(out + stride) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    *(f4_at *)(out + 2 * stride) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    *(f4_at *)(out + 3 * stride) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

/// out[i * stride + c] = in[c * k + i] for `columns` (a multiple of 4 of them exist in `out`) and `depth` values of i.
static void transpose(float *out, long stride, const float *in, long k, long columns, long depth) {
    for (long c = 0; c < columns; c += 4) {
        long i = 0;
        if (c + 4 <= columns)
            for (; i + 4 <= depth; i += 4) transpose4(out + i * stride + c, stride, in + c * k + i, k);
        for (; i < depth; i++)
            for (long j = c; j < c + 4; j++) out[i * stride + j] = j < columns ? in[j * k + i] : 0;
    }
}

// MARK: Widening

/// Weights [first, first + count) of one row as fp32; `first` starts a storage block, `count` may end inside one.
INLINE void widen(float *out, const rk_weights *w, long row, long first, long count) {
    const long k = rk_padded(w->format, w->k);
    if (w->format == rk_fp32) {
        memcpy(out, (const float *)w->values + row * k + first, sizeof(float) * (size_t)count);
    } else if (w->format == rk_int8) {
        const signed char *values = (const signed char *)w->values + row * k;
        for (long i = first; i < first + count; i += LANES) {
            float scale = bf16(w->scales[row * (k / w->group) + i / w->group]);
            vf wide = __builtin_convertvector(*(const vb_at *)(values + i), vf) * scale;
            if (i + LANES <= first + count) store(out + i - first, wide);
            else store_part(out + i - first, wide, first + count - i);
        }
    } else if (w->format == rk_int4) {
        const unsigned *words = (const unsigned *)w->values + row * (k / 8);
        for (long i = first; i < first + count; i += LANES) {
            float scale = bf16(w->scales[row * (k / w->group) + i / w->group]);
            vu word = *(const vu_at *)(words + i / 128 * 16 + i % 16) >> (unsigned)(i % 128 / 16 * 4) & 15u;
            vf wide = (__builtin_convertvector(word, vf) - 8.0f) * scale;
            if (i + LANES <= first + count) store(out + i - first, wide);
            else store_part(out + i - first, wide, first + count - i);
        }
    } else {
        const float *values = (const float *)w->values + row * (k / 2);
        const unsigned short *indices = w->indices + row * (k / 16);
        memset(out, 0, sizeof(float) * (size_t)count);
        for (long i = first; i < first + count; i += 4) {
            const long block = i / 64, lane = i % 64 / 4;
            for (int kept = 0; kept < 2; kept++) {
                const unsigned short *bits = indices + block * 4 + kept * 2;
                long at = i + (bits[0] >> lane & 1) + 2 * (bits[1] >> lane & 1);
                if (at < first + count) out[at - first] += values[block * 32 + kept * 16 + lane];
            }
        }
    }
}

static void dequantise_rows(float *out, const rk_weights *w, long begin, long end) {
    for (long row = begin; row < end; row++) widen(out + (row - begin) * w->k, w, row, 0, w->k);
}

/// Packs columns [first, first + count) by k [from, from + depth) as panels [DEPTH, TILE_COLUMNS], absent columns zero.
static void pack_weights(float *packed, const rk_weights *w, long first, long count, long from, long depth) {
    float wide[4 * DEPTH];
    for (long c = 0; c < count; c += TILE_COLUMNS) {
        float *panel = packed + c * DEPTH;
        const long columns = count - c < TILE_COLUMNS ? count - c : TILE_COLUMNS;
        if (w->format == rk_fp32) {
            transpose(panel, TILE_COLUMNS, (const float *)w->values + (first + c) * w->k + from, w->k, columns, depth);
        } else {
            for (long j = 0; j < columns; j += 4) {
                const long four = columns - j < 4 ? columns - j : 4;
                for (long row = 0; row < four; row++) widen(wide + row * DEPTH, w, first + c + j + row, from, depth);
                transpose(panel + j, TILE_COLUMNS, wide, DEPTH, four, depth);
            }
        }
        for (long j = (columns + 3) / 4 * 4; j < TILE_COLUMNS; j++)
            for (long i = 0; i < depth; i++) panel[i * TILE_COLUMNS + j] = 0;
    }
}

// MARK: The product

/// Packs rows of X as [k / DEPTH][rows / TILE_ROWS][TILE_ROWS, DEPTH], absent rows zero.
static void prepare_blocked(const rk_product *p, long begin, long end) {
    const long k = p->weights->k, panels = (p->m + TILE_ROWS - 1) / TILE_ROWS;
    const long last = end == p->m ? panels * TILE_ROWS : end;
    for (long from = 0; from < k; from += DEPTH) {
        const long depth = k - from < DEPTH ? k - from : DEPTH;
        float *block = p->prepared + from * panels * TILE_ROWS;
        for (long r = begin; r < last; r++) {
            float *out = block + r / TILE_ROWS * TILE_ROWS * DEPTH + r % TILE_ROWS * DEPTH;
            if (r < p->m) memcpy(out, p->x + r * k + from, sizeof(float) * (size_t)depth);
            else memset(out, 0, sizeof(float) * (size_t)depth);
        }
    }
}

static void prepare_rows(const rk_product *p, long begin, long end) {
    if (p->skinny) prepare_skinny(p, begin, end);
    else prepare_blocked(p, begin, end);
}

INLINE void finish_tile(vf sums[TILE_ROWS][2], float *y, long n, long rows, long columns) {
    if (rows == TILE_ROWS && columns == TILE_COLUMNS) {
        for (int r = 0; r < TILE_ROWS; r++) {
            store(y + r * n, sums[r][0]);
            store(y + r * n + LANES, sums[r][1]);
        }
        return;
    }
    float whole[TILE_COLUMNS];
    for (long r = 0; r < rows; r++) {
        store(whole, sums[r][0]);
        store(whole + LANES, sums[r][1]);
        memcpy(y + r * n, whole, sizeof(float) * (size_t)columns);
    }
}

INLINE void start_tile(vf sums[TILE_ROWS][2], const float *y, long n, long rows, long columns) {
    float whole[TILE_COLUMNS] = {};
    for (long r = 0; r < rows; r++) {
        if (columns == TILE_COLUMNS) {
            sums[r][0] = load(y + r * n);
            sums[r][1] = load(y + r * n + LANES);
        } else {
            memcpy(whole, y + r * n, sizeof(float) * (size_t)columns);
            sums[r][0] = load(whole);
            sums[r][1] = load(whole + LANES);
        }
    }
}

static void multiply(const rk_product *p, long column_begin, long column_end, long row_begin, long row_end) {
    if (p->skinny) {
        multiply_skinny(p, column_begin, column_end, row_begin, row_end);
        return;
    }
    const long k = p->weights->k, n = p->weights->n, panels = (p->m + TILE_ROWS - 1) / TILE_ROWS;
    float *packed = rk_scratch(1, sizeof(float) * PACKED_COLUMNS * DEPTH);
    if (!packed) {
        *p->failed = 1;
        return;
    }
    for (long c = column_begin; c < column_end; c += PACKED_COLUMNS) {
        const long count = column_end - c < PACKED_COLUMNS ? column_end - c : PACKED_COLUMNS;
        for (long from = 0; from < k; from += DEPTH) {
            const long depth = k - from < DEPTH ? k - from : DEPTH;
            pack_weights(packed, p->weights, c, count, from, depth);
            for (long r = row_begin; r < row_end; r += TILE_ROWS) {
                const float *a = p->prepared + from * panels * TILE_ROWS + r * DEPTH;
                const long rows = row_end - r < TILE_ROWS ? row_end - r : TILE_ROWS;
                for (long j = 0; j < count; j += TILE_COLUMNS) {
                    const long columns = count - j < TILE_COLUMNS ? count - j : TILE_COLUMNS;
                    float *y = p->y + r * n + c + j;
                    vf sums[TILE_ROWS][2] = {};
                    if (from > 0) start_tile(sums, y, n, rows, columns);
                    tile(sums, a, DEPTH, packed + j * DEPTH, TILE_COLUMNS, LANES, depth);
                    finish_tile(sums, y, n, rows, columns);
                }
            }
        }
    }
}
