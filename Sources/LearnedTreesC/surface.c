#include "include/LearnedTreesC.h"

// Products are rounded before they are added, so that every processor gives the same bits.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define FOR_ALL_PROCESSORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_ALL_PROCESSORS
#endif

typedef float lanes __attribute__((ext_vector_type(lt_lanes), aligned(4)));

static inline __attribute__((always_inline)) void surface(int places, float *sums, float *least, const float *points, const float *weights, long blocks,
                                                          long dimensions, const float *at) {
    lanes total[lt_places], nearest[lt_places];
    for (int place = 0; place < places; place++) {
        total[place] = 0.0f;
        nearest[place] = 1e30f;
    }
    for (long block = 0; block < blocks; block++) {
        lanes square[lt_places];
        for (int place = 0; place < places; place++) square[place] = 0.0f;
        for (long i = 0; i < dimensions; i++) {
            const lanes point = *(const lanes *)(points + (block * dimensions + i) * lt_lanes);
            for (int place = 0; place < places; place++) {
                const lanes way = point - at[place * dimensions + i];
                // Rounded once on every processor, in software where it has no such instruction: the same bits.
                square[place] = __builtin_elementwise_fma(way, way, square[place]);
            }
        }
        const lanes weight = *(const lanes *)(weights + block * lt_lanes);
        for (int place = 0; place < places; place++) {
            const lanes distance = __builtin_elementwise_sqrt(square[place]);
            total[place] += weight * distance;
            nearest[place] = __builtin_elementwise_min(nearest[place], distance);
        }
    }
    for (int place = 0; place < places; place++) {
        float all = 0, smallest = 1e30f;
        for (int lane = 0; lane < lt_lanes; lane++) {
            all += total[place][lane];
            if (nearest[place][lane] < smallest) smallest = nearest[place][lane];
        }
        sums[place] = all;
        least[place] = smallest;
    }
}

#if defined(__x86_64__) && defined(__linux__)
// Haswell: the first with products that are added unrounded beside AVX2.
__attribute__((target_clones("avx512f", "arch=haswell", "default")))
#endif
void lt_surface(long places, float *sums, float *least, const float *points, const float *weights, long blocks, long dimensions, const float *at) {
    // A point that was fetched serves several places.
    for (; places >= lt_places; places -= lt_places, sums += lt_places, least += lt_places, at += lt_places * dimensions) {
        surface(lt_places, sums, least, points, weights, blocks, dimensions, at);
    }
    for (; places > 0; places--, sums++, least++, at += dimensions) surface(1, sums, least, points, weights, blocks, dimensions, at);
}

enum { strip = 8 };

/// row[j] -= Σ factors[p] · rows[p][j] for j below `end`.
#define SUBTRACT(row, factors, rows, end) do { \
    for (long j_ = 0; j_ < (end); j_++) { \
        double value_ = (row)[j_]; \
        _Pragma("clang loop unroll(full)") \
        for (int p_ = 0; p_ < strip; p_++) value_ -= (factors)[p_] * (rows)[p_][j_]; \
        (row)[j_] = value_; \
    } \
} while (0)

/// Lower triangle to its Cholesky factor; 0 where it has none.
FOR_ALL_PROCESSORS
static int factorise(double *restrict m, long n, double *restrict turned) {
    for (long k = 0; k < n; k += strip) {
        const long end = k + strip < n ? k + strip : n;
        for (long j = k; j < end; j++) {
            double pivot = m[j * n + j];
            for (long q = k; q < j; q++) pivot -= m[j * n + q] * m[j * n + q];
            if (!(pivot > 0)) return 0;
            m[j * n + j] = __builtin_sqrt(pivot);
            for (long i = j + 1; i < n; i++) {
                double value = m[i * n + j];
                for (long q = k; q < j; q++) value -= m[i * n + q] * m[j * n + q];
                m[i * n + j] = value / m[j * n + j];
            }
        }
        if (end == n) break;
        const double *rows[strip];
        for (int p = 0; p < strip; p++) {
            rows[p] = turned + p * n;
            for (long j = end; j < n; j++) turned[p * n + j - end] = m[j * n + k + p];
        }
        for (long i = end; i < n; i++) {
            const double *factors = m + i * n + k;
            double *row = m + i * n + end;
            SUBTRACT(row, factors, rows, i - end + 1);
        }
    }
    return 1;
}

/// The inverse of a lower triangle in `inverse`, whose upper triangle is zero.
FOR_ALL_PROCESSORS
static void turn(const double *restrict l, double *restrict inverse, long n) {
    for (long r = 0; r < n; r++) {
        double *row = inverse + r * n;
        for (long j = 0; j < n; j++) row[j] = 0;
        row[r] = 1;
        long k = 0;
        for (; k + strip <= r; k += strip) {
            const double *factors = l + r * n + k, *rows[strip];
            for (int p = 0; p < strip; p++) rows[p] = inverse + (k + p) * n;
            SUBTRACT(row, factors, rows, k + strip);
        }
        for (; k < r; k++) {
            const double factor = l[r * n + k], *other = inverse + k * n;
            for (long j = 0; j <= k; j++) row[j] -= factor * other[j];
        }
        const double scale = 1 / l[r * n + r];
        for (long j = 0; j <= r; j++) row[j] *= scale;
    }
}

/// Lower triangle of the product of the transpose of a lower triangle with itself, into `m`.
FOR_ALL_PROCESSORS
static void square(const double *restrict inverse, double *restrict m, long n) {
    for (long i = 0; i < n * n; i++) m[i] = 0;
    for (long k = 0; k < n; k += strip) {
        const long end = k + strip < n ? k + strip : n;
        if (end - k < strip) {
            for (long q = k; q < end; q++)
                for (long i = 0; i <= q; i++)
                    for (long j = 0; j <= i; j++) m[i * n + j] += inverse[q * n + i] * inverse[q * n + j];
            break;
        }
        const double *rows[strip];
        for (int p = 0; p < strip; p++) rows[p] = inverse + (k + p) * n;
        for (long i = 0; i < end; i++) {
            double factors[strip];
            for (int p = 0; p < strip; p++) factors[p] = -inverse[(k + p) * n + i];
            double *row = m + i * n;
            SUBTRACT(row, factors, rows, i + 1);
        }
    }
}

int lt_invert(double *m, long n, double *scratch) {
    if (!factorise(m, n, scratch)) return 0;
    turn(m, scratch, n);
    square(scratch, m, n);
    for (long i = 0; i < n; i++) for (long j = 0; j < i; j++) m[j * n + i] = m[i * n + j];
    return 1;
}
