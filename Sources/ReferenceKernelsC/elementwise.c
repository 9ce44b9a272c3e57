#include "include/rk_elementwise.h"

#include <string.h>

#include "include/rk_moe.h"
#include "isa/table.h"

// Elements below which a region is not worth a hand-off to other threads.
enum { least_elements = 16384 };

static long row_grain(long rows, long width) {
    const long grain = rk_grain(rows, 4), least = least_elements / (width > 0 ? width : 1) + 1;
    return grain > least ? grain : least;
}

static long element_grain(long count) {
    const long grain = (rk_grain(count, 4) + 63) / 64 * 64;
    return grain > least_elements ? grain : least_elements;
}

void rk_rms_norm(float *out, const float *x, const float *weight, long rows, long width, float epsilon) {
    const rk_rows work = { out, x, weight, 0, width, epsilon };
    rk_parallel(rows, row_grain(rows, width), rk_table_in_use()->rms_norm, &work);
}

void rk_layer_norm(float *out, const float *x, const float *weight, const float *bias, long rows, long width, float epsilon) {
    const rk_rows work = { out, x, weight, bias, width, epsilon };
    rk_parallel(rows, row_grain(rows, width), rk_table_in_use()->layer_norm, &work);
}

void rk_softmax(float *out, const float *x, long rows, long width) {
    const rk_rows work = { out, x, 0, 0, width, 0 };
    rk_parallel(rows, row_grain(rows, width), rk_table_in_use()->softmax, &work);
}

void rk_silu_mul(float *out, const float *gate, const float *up, long count) {
    const rk_lanewise work = { out, gate, up };
    rk_parallel(count, element_grain(count), rk_table_in_use()->silu_mul, &work);
}

void rk_gelu(float *out, const float *x, long count) {
    const rk_lanewise work = { out, x, 0 };
    rk_parallel(count, element_grain(count), rk_table_in_use()->gelu, &work);
}

void rk_add(float *out, const float *a, const float *b, long count) {
    const rk_lanewise work = { out, a, b };
    rk_parallel(count, element_grain(count), rk_table_in_use()->add, &work);
}

void rk_rotary(float *x, const float *angles, const int *positions, long rows, long heads, long dimension) {
    const rk_rotation work = { x, angles, positions, heads, dimension };
    rk_parallel(rows, row_grain(rows, heads * dimension), rk_table_in_use()->rotary, &work);
}

void rk_combine(float *out, const float *x, const int *slots, const float *weights, long tokens, long k, long width) {
    const rk_combination work = { out, x, slots, weights, k, width };
    rk_parallel(tokens, row_grain(tokens, k * width), rk_table_in_use()->combine, &work);
}

// MARK: Rows moved as they are

typedef struct { float *out; const float *in; const int *ids; long k, width; } moving;

static void gather(const void *context, long begin, long end) {
    const moving *p = context;
    for (long r = begin; r < end; r++) memcpy(p->out + r * p->width, p->in + p->ids[r] * p->width, sizeof(float) * (size_t)p->width);
}

void rk_gather(float *out, const float *table, const int *ids, long rows, long width) {
    const moving work = { out, table, ids, 1, width };
    rk_parallel(rows, row_grain(rows, width), gather, &work);
}

static void scatter(const void *context, long begin, long end) {
    const moving *p = context;
    for (long i = begin; i < end; i++) memcpy(p->out + p->ids[i] * p->width, p->in + i / p->k * p->width, sizeof(float) * (size_t)p->width);
}

void rk_permute(float *out, const float *x, const int *slots, long tokens, long k, long width) {
    const moving work = { out, x, slots, k, width };
    rk_parallel(tokens * k, row_grain(tokens * k, width), scatter, &work);
}

typedef struct { char *out; const char *in; long bytes; } copying;
enum { copy_block = 256 << 10 };

static void copy(const void *context, long begin, long end) {
    const copying *p = context;
    const long first = begin * copy_block, last = end * copy_block;
    memcpy(p->out + first, p->in + first, (size_t)((last < p->bytes ? last : p->bytes) - first));
}

void rk_copy(void *out, const void *in, long bytes) {
    const copying work = { out, in, bytes };
    const long blocks = (bytes + copy_block - 1) / copy_block;
    rk_parallel(blocks, rk_grain(blocks, 4), copy, &work);
}

static void zero(const void *context, long begin, long end) {
    const copying *p = context;
    const long first = begin * copy_block, last = end * copy_block;
    memset(p->out + first, 0, (size_t)((last < p->bytes ? last : p->bytes) - first));
}

void rk_zero(void *out, long bytes) {
    const copying work = { out, 0, bytes };
    const long blocks = (bytes + copy_block - 1) / copy_block;
    rk_parallel(blocks, rk_grain(blocks, 4), zero, &work);
}
