#pragma once

/// How the weights of a matrix product are stored.
typedef enum {
    rk_fp32 = 0,
    /// A signed byte per weight, one bf16 scale for each group of `group` weights along k.
    rk_int8 = 1,
    /// Four bits per weight, value = scale * (bits - 8). Blocks of 128 weights along k are 16 words of 32 bits; bits
    /// 4j to 4j+3 of word i hold weight 16j + i.
    rk_int4 = 2,
    /// Two of every four consecutive weights along k, as fp32. Blocks of 64 dense weights are 16 fours: 16 first kept
    /// values, then 16 second kept values; `indices` holds four 16-bit words for each block: low and high bit of the
    /// first kept position of each four, low and high bit of the second.
    rk_sparse24 = 3,
} rk_format;

/// W[n, k]: each output's weights lie next to each other, rows padded to `rk_padded(format, k)` with zeros.
typedef struct {
    rk_format format;
    long n, k;
    /// Weights that share a scale: 32, 64 or 128.
    long group;
    const void *values;
    /// bf16, [n, padded k / group].
    const unsigned short *scales;
    const unsigned short *indices;
} rk_weights;

/// k rounded up to whole storage blocks of the format.
long rk_padded(rk_format format, long k);

/// Y[m, n] = X[m, k] W^T, fp32 arithmetic, all threads. Up to `rk_skinny_rows` rows the weights are streamed once
/// (GEMV); above, the product is blocked.
/// Returns 0, or -1 when there is no memory for the packed operand.
int rk_matmul(float *y, const float *x, const rk_weights *weights, long m);
extern const long rk_skinny_rows;

/// One product for each expert: rows offsets[e] to offsets[e + 1] of X times the weights of expert e into the same
/// rows of Y. Experts without rows are not touched. All experts have the same n and k.
int rk_grouped_matmul(float *y, const float *x, const rk_weights *experts, const long *offsets, long count);

/// Rows [first, last) of the weights as fp32, [last - first, k].
void rk_dequantise(float *out, const rk_weights *weights, long first, long last);

// MARK: BLAS

/// Loads OpenBLAS (or `path`, when not null) once. Returns 0 when sgemm is there.
int rk_blas_load(const char *path);
/// The library's name and configuration, or null when none is loaded.
const char *rk_blas_name(void);
/// Y[m, n] = X[m, k] W^T through cblas_sgemm, one part of Y per thread. Returns -1 when no BLAS is loaded.
int rk_blas_matmul(float *y, const float *x, const float *w, long m, long n, long k);
