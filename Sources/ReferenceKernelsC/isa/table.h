// What one instruction set provides: the part of each kernel that runs on one range of its items.
#pragma once

#include "../include/rk_attention.h"
#include "../include/rk_matmul.h"
#include "../include/rk_probe.h"
#include "../include/rk_threads.h"

/// One matrix product as the threads see it.
typedef struct {
    const rk_weights *weights;
    const float *x;
    float *y;
    long m;
    /// The operand in the form that the product wants it; see `prepare_rows`.
    float *prepared;
    /// Rows are few: stream the weights instead of blocking.
    int skinny;
    /// Set when a thread finds no memory.
    _Atomic int *failed;
} rk_product;

typedef struct { float *out; const float *x, *weight, *bias; long width; float epsilon; } rk_rows;
typedef struct { float *out; const float *a, *b; } rk_lanewise;
typedef struct { float *x; const float *angles; const int *positions; long heads, dimension; } rk_rotation;
typedef struct { float *out; const float *x; const int *slots; const float *weights; long k, width; } rk_combination;
typedef struct { const rk_attention *attention; float *partial; long splits, row_blocks; _Atomic int *failed; } rk_attention_work;
typedef struct { rk_stream kind; float *a, *b, *c; long repeats; float s; _Atomic int *sink; } rk_streams;
typedef struct { long rounds; float start; _Atomic int *sink; } rk_chain;

typedef struct {
    const char *name;
    long lanes;
    /// Rows and columns of the register tile, and the depth of a packed block along k.
    long tile_rows, tile_columns, depth;
    /// Operations of one round of the FMA chain.
    double chain_operations;
    void (*prepare_rows)(const rk_product *, long begin, long end);
    /// Columns (rows of W) by rows of X; `row_begin` is a multiple of tile_rows.
    void (*multiply)(const rk_product *, long column_begin, long column_end, long row_begin, long row_end);
    void (*dequantise)(float *out, const rk_weights *, long begin, long end);
    void (*rms_norm)(const void *, long, long);
    void (*layer_norm)(const void *, long, long);
    void (*softmax)(const void *, long, long);
    void (*silu_mul)(const void *, long, long);
    void (*gelu)(const void *, long, long);
    void (*add)(const void *, long, long);
    void (*rotary)(const void *, long, long);
    void (*combine)(const void *, long, long);
    void (*attention_prefill)(const void *, long, long);
    void (*attention_decode)(const void *, long, long);
    void (*attention_merge)(const void *, long, long);
    void (*stream)(const void *, long, long);
    void (*chain)(const void *, long, long);
} rk_table;

/// Queries (times the heads that share a key) and keys of one attention tile.
enum { attention_rows = 96, attention_keys = 64 };

/// Floats of the running maximum, sum and weighted values of one query in one split.
#define RK_PARTIAL (2 + RK_HEAD_MAX)

/// Floats of the prepared operand of a product with `m` rows.
long rk_prepared_floats(const rk_table *table, const rk_weights *weights, long m, int skinny);

/// The table in use. A kernel reads it once, so that one call never mixes two.
const rk_table *rk_table_in_use(void);

extern const rk_table rk_portable;
#if defined(__x86_64__)
extern const rk_table rk_avx2;
extern const rk_table rk_avx512;
extern const rk_table rk_avx512vnni;
#endif
