#include "include/LearnedTreesC.h"

long lt_stride(long columns) { return columns <= 64 ? 64 : 128; }

#if defined(__x86_64__)
#include <immintrin.h>

int lt_supported(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("popcnt");
}

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi,popcnt,bmi2"))), apply_to = function)

/// Rows whose values stay in the first cache while all columns are gone through.
enum { rows_at_once = 32 };

void lt_place(uint8_t *places, const float *rows, long count, long width, const lt_column *columns, long column_count, const lt_ladder *ladders) {
    const long stride = lt_stride(column_count);
    for (long first = 0; first < count; first += rows_at_once) {
        const long end = first + rows_at_once < count ? first + rows_at_once : count;
        for (long i = 0; i < column_count; i++) {
            const lt_ladder *ladder = ladders + columns[i].feature;
            const float *value = rows + columns[i].feature;
            const __m512 pivots = _mm512_loadu_ps(ladder->pivots);
            for (long row = first; row < end; row++) {
                const __m512 x = _mm512_set1_ps(value[row * width]);
                const int sixteens = 16 * __builtin_popcount(_mm512_cmp_ps_mask(pivots, x, _CMP_LE_OQ));
                const int ones = __builtin_popcount(_mm512_cmp_ps_mask(_mm512_loadu_ps(ladder->all + sixteens), x, _CMP_LE_OQ));
                const uint8_t place = (uint8_t)(sixteens + ones);
                places[row * stride + i] = value[row * width] == value[row * width] ? place : columns[i].missing;
            }
        }
    }
}

/// Trees that a row is loaded for once.
enum { together = 4 };

/// Places of a row in the columns that `index` names.
static inline __attribute__((always_inline)) __m512i pick(__m512i low, __m512i high, __m512i index, int is_wide) {
    return is_wide ? _mm512_permutex2var_epi8(low, index, high) : _mm512_permutexvar_epi8(index, low);
}

/// Ways through the comparisons of a heap: `levels` steps from its root, the node reached counted from the first of its level.
#define WAYS(bits, mask, levels) ({ \
    const __m512i m_ = (mask), one_ = _mm512_set1_epi##bits(1); \
    __m512i at_ = one_; \
    for (int level_ = 0; level_ < (levels); level_++) \
        /* 2 · at + (bit `at` of the mask): a | (b & c). */ \
        at_ = _mm512_ternarylogic_epi64(_mm512_add_epi##bits(at_, at_), _mm512_srlv_epi##bits(m_, at_), one_, 0xf8); \
    _mm512_sub_epi##bits(at_, _mm512_set1_epi##bits(1 << (levels))); \
})

/// 64 rows through `n` trees.
static inline __attribute__((always_inline)) void block(int32_t *sums, const uint8_t *places, long stride, const uint8_t *tops, const int16_t *leaves, int n, int is_wide, int is_deep) {
    _Alignas(64) uint64_t masks[together][lt_rows];
    _Alignas(64) uint16_t at[together][lt_rows], lower[together][lt_rows];
    __m512i columns[together], thresholds[together];
    for (int j = 0; j < n; j++) {
        columns[j] = _mm512_loadu_si512(tops + 128 * j);
        thresholds[j] = _mm512_loadu_si512(tops + 128 * j + 64);
    }
    for (int row = 0; row < lt_rows; row++) {
        const __m512i low = _mm512_loadu_si512(places + row * stride), high = is_wide ? _mm512_loadu_si512(places + row * stride + 64) : low;
        for (int j = 0; j < n; j++) masks[j][row] = _mm512_cmpgt_epu8_mask(pick(low, high, columns[j], is_wide), thresholds[j]);
    }
    for (int j = 0; j < n; j++)
        for (int row = 0; row < lt_rows; row += 8)
            _mm_store_si128((__m128i *)(at[j] + row), _mm512_cvtepi64_epi16(WAYS(64, _mm512_load_si512(masks[j] + row), lt_top_levels)));
    if (is_deep) {
        for (int row = 0; row < lt_rows; row++) {
            const __m512i low = _mm512_loadu_si512(places + row * stride), high = is_wide ? _mm512_loadu_si512(places + row * stride + 64) : low;
            for (int j = 0; j < n; j++) {
                const __m128i *nodes = (const __m128i *)(leaves + 2048 * j + 32 * at[j][row]);
                const __m512i found = pick(low, high, _mm512_castsi128_si512(_mm_loadu_si128(nodes)), is_wide);
                lower[j][row] = _mm_cmpgt_epu8_mask(_mm512_castsi512_si128(found), _mm_loadu_si128(nodes + 1));
            }
        }
        for (int j = 0; j < n; j++)
            for (int row = 0; row < lt_rows; row += 32) {
                const __m512i blocks = _mm512_slli_epi16(_mm512_load_si512(at[j] + row), 5);
                const __m512i leaf = _mm512_add_epi16(WAYS(16, _mm512_load_si512(lower[j] + row), lt_lower_levels), _mm512_set1_epi16(16));
                _mm512_store_si512(at[j] + row, _mm512_add_epi16(blocks, leaf));
            }
    }
    for (int row = 0; row < lt_rows; row++) {
        int32_t sum = 0;
        for (int j = 0; j < n; j++) sum += leaves[(is_deep ? 2048 : 64) * j + at[j][row]];
        sums[row] += sum;
    }
}

static inline __attribute__((always_inline)) void walk(int32_t *sums, const uint8_t *places, long count, const lt_trees *trees, int is_wide, int is_deep) {
    const long stride = is_wide ? 128 : 64, size = is_deep ? 2048 : 64;
    long tree = 0;
    for (; tree + together <= trees->count; tree += together)
        for (long row = 0; row < count; row += lt_rows)
            block(sums + row, places + row * stride, stride, trees->tops + 128 * tree, trees->leaves + size * tree, together, is_wide, is_deep);
    for (; tree < trees->count; tree++)
        for (long row = 0; row < count; row += lt_rows)
            block(sums + row, places + row * stride, stride, trees->tops + 128 * tree, trees->leaves + size * tree, 1, is_wide, is_deep);
}

void lt_sum(int32_t *sums, const uint8_t *places, long count, long columns, const lt_trees *trees) {
    if (columns > 64) {
        if (trees->is_deep) walk(sums, places, count, trees, 1, 1); else walk(sums, places, count, trees, 1, 0);
    } else {
        if (trees->is_deep) walk(sums, places, count, trees, 0, 1); else walk(sums, places, count, trees, 0, 0);
    }
}

#pragma clang attribute pop
#else
int lt_supported(void) { return 0; }
void lt_place(uint8_t *places, const float *rows, long count, long width, const lt_column *columns, long column_count, const lt_ladder *ladders) {}
void lt_sum(int32_t *sums, const uint8_t *places, long count, long columns, const lt_trees *trees) {}
#endif
