#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

#include "include/rk_matmul.h"
#include "include/rk_threads.h"

// cblas.h: row major, no transpose, transpose.
enum { row_major = 101, plain = 111, transposed = 112 };
typedef void (*sgemm_function)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static sgemm_function sgemm;
static char name[256];

static int load(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) return -1;
    sgemm_function found = (sgemm_function)dlsym(library, "cblas_sgemm");
    if (!found) {
        dlclose(library);
        return -1;
    }
    // Our threads divide the product, so that two pools do not fight over the cores.
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    if (set_threads) set_threads(1);
    const char *(*configuration)(void) = (const char *(*)(void))dlsym(library, "openblas_get_config");
    snprintf(name, sizeof name, "%s", configuration ? configuration() : path);
    sgemm = found;
    return 0;
}

int rk_blas_load(const char *path) {
    static const char *const candidates[] = {
        "libopenblas.so.0", "libopenblas.so", "libcblas.so.3", "libcblas.so", "libopenblas.dylib", "libcblas.dylib",
    };
    pthread_mutex_lock(&loading);
    int result = sgemm && !path ? 0 : -1;
    if (path) result = load(path);
    for (unsigned i = 0; result != 0 && !path && i < sizeof candidates / sizeof *candidates; i++) result = load(candidates[i]);
    pthread_mutex_unlock(&loading);
    return result;
}

const char *rk_blas_name(void) { return sgemm ? name : NULL; }

typedef struct { float *y; const float *x, *w; long m, n, k, rows_each, columns_each, column_parts; } product;

static long least(long a, long b) { return a < b ? a : b; }

static void part(const void *context, long begin, long end) {
    const product *p = context;
    for (long item = begin; item < end; item++) {
        const long row = item / p->column_parts * p->rows_each, column = item % p->column_parts * p->columns_each;
        const long rows = least(p->m - row, p->rows_each), columns = least(p->n - column, p->columns_each);
        if (rows <= 0 || columns <= 0) continue;
        sgemm(row_major, plain, transposed, (int)rows, (int)columns, (int)p->k, 1, p->x + row * p->k, (int)p->k,
              p->w + column * p->k, (int)p->k, 0, p->y + row * p->n + column, (int)p->n);
    }
}

int rk_blas_matmul(float *y, const float *x, const float *w, long m, long n, long k) {
    if (!sgemm) return -1;
    const long threads = rk_threads();
    // The grid of parts whose halves together are least: each part reads rows * k of X and columns * k of W.
    long best = 1;
    double lowest = 1e300;
    for (long rows = 1; rows <= threads; rows++) {
        if (threads % rows != 0) continue;
        const double cost = (double)m / (double)rows + (double)n / (double)(threads / rows);
        if (cost < lowest) { lowest = cost; best = rows; }
    }
    const long column_parts = threads / best;
    const long rows_each = (m + best - 1) / best, columns_each = ((n + column_parts - 1) / column_parts + 63) / 64 * 64;
    const product work = { y, x, w, m, n, k, rows_each, columns_each, column_parts };
    rk_parallel(threads, 1, part, &work);
    return 0;
}
