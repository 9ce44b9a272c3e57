#include "include/rk_matmul.h"

#include "isa/table.h"

const long rk_skinny_rows = 8;

enum { chunk_rows = 1008 };  // rows of X packed at once; a multiple of every register tile

long rk_padded(rk_format format, long k) {
    const long block = format == rk_fp32 ? 1 : format == rk_sparse24 ? 64 : 128;
    return (k + block - 1) / block * block;
}

static long tiles(long count, long tile) { return (count + tile - 1) / tile; }

long rk_prepared_floats(const rk_table *table, const rk_weights *w, long m, int skinny) {
    const long padded = rk_padded(w->format, w->k);
    if (!skinny) return tiles(m, table->tile_rows) * table->tile_rows * tiles(w->k, table->depth) * table->depth;
    switch (w->format) {
    case rk_fp32: return 0;
    case rk_int4: return m * (padded + padded / w->group * 16);
    default: return m * padded;
    }
}

/// Products that run in one region: experts, or one matrix alone.
typedef struct {
    const rk_table *table;
    const rk_product *products;
    long count;
    long columns_each, rows_each;  // of one item
    long column_parts, row_parts;  // of one product
} group;

/// An item is a part of the rows of one product.
static void prepare(const void *context, long begin, long end) {
    const group *g = context;
    for (long item = begin; item < end; item++) {
        const rk_product *p = g->products + item / g->row_parts;
        const long first = item % g->row_parts * g->rows_each, last = first + g->rows_each;
        if (first < p->m) g->table->prepare_rows(p, first, last < p->m ? last : p->m);
    }
}

/// An item is a part of the columns by a part of the rows.
static void compute(const void *context, long begin, long end) {
    const group *g = context;
    for (long item = begin; item < end; item++) {
        const rk_product *p = g->products + item / (g->column_parts * g->row_parts);
        const long column = item / g->row_parts % g->column_parts * g->columns_each;
        const long row = item % g->row_parts * g->rows_each;
        const long last_column = column + g->columns_each, last_row = row + g->rows_each;
        if (column >= p->weights->n || row >= p->m) continue;
        g->table->multiply(p, column, last_column < p->weights->n ? last_column : p->weights->n,
                           row, last_row < p->m ? last_row : p->m);
    }
}

/// Runs products of equal n and k, of at most `most` rows each.
static void run(const rk_table *table, const rk_product *products, long count, long most) {
    const long n = products[0].weights->n, wanted = 4 * (long)rk_threads();
    const long columns = tiles(n, table->tile_columns);
    long parts = columns * count < wanted ? columns : tiles(wanted, count);
    // Streaming gains nothing from wide parts; a blocked product packs once per part.
    if (products[0].skinny) parts = tiles(n, 4 * table->tile_columns) > parts ? tiles(n, 4 * table->tile_columns) : parts;
    if (parts > columns) parts = columns;
    group g = { table, products, count, tiles(columns, parts) * table->tile_columns, 0, 0, 0 };
    g.column_parts = tiles(n, g.columns_each);
    const long row_tiles = tiles(most, table->tile_rows);
    long row_parts = g.column_parts * count < wanted / 2 ? tiles(wanted / 2, g.column_parts * count) : 1;
    if (row_parts > row_tiles || products[0].skinny) row_parts = products[0].skinny ? 1 : row_tiles;
    g.rows_each = tiles(row_tiles, row_parts) * table->tile_rows;
    g.row_parts = tiles(most, g.rows_each);

    if (products[0].prepared) {
        group packing = g;
        packing.rows_each = products[0].skinny ? 1 : 4 * table->tile_rows;
        packing.row_parts = tiles(most, packing.rows_each);
        const long items = count * packing.row_parts;
        // One short row is laid out sooner than a thread wakes.
        rk_parallel(items, products[0].skinny ? items : rk_grain(items, 2), prepare, &packing);
    }
    rk_parallel(count * g.column_parts * g.row_parts, 1, compute, &g);
}

int rk_matmul(float *y, const float *x, const rk_weights *weights, long m) {
    const rk_table *table = rk_table_in_use();
    const int skinny = m <= rk_skinny_rows;
    for (long first = 0; first < m; first += chunk_rows) {
        const long rows = m - first < chunk_rows ? m - first : chunk_rows;
        const long floats = rk_prepared_floats(table, weights, rows, skinny);
        float *prepared = floats > 0 ? rk_scratch(0, (long)sizeof(float) * floats) : 0;
        if (floats > 0 && !prepared) return -1;
        _Atomic int failed = 0;
        rk_product product = { weights, x + first * weights->k, y + first * weights->n, rows, prepared, skinny, &failed };
        run(table, &product, 1, rows);
        if (failed) return -1;
    }
    return 0;
}

int rk_grouped_matmul(float *y, const float *x, const rk_weights *experts, const long *offsets, long count) {
    const rk_table *table = rk_table_in_use();
    _Atomic int failed = 0;
    // First the experts with few rows, then the others, each kind in one region.
    for (int skinny = 1; skinny >= 0; skinny--) {
        rk_product *products = rk_scratch(3, (long)sizeof(rk_product) * (count > 0 ? count : 1));
        if (!products) return -1;
        long used = 0, most = 0, floats = 0;
        for (long e = 0; e < count; e++) {
            const long m = offsets[e + 1] - offsets[e];
            if (m == 0 || (m <= rk_skinny_rows) != skinny) continue;
            products[used++] = (rk_product){ experts + e, x + offsets[e] * experts[e].k, y + offsets[e] * experts[e].n, m, 0, skinny, &failed };
            if (m > most) most = m;
            floats += rk_prepared_floats(table, experts + e, m, skinny);
        }
        if (used == 0) continue;
        float *prepared = floats > 0 ? rk_scratch(0, (long)sizeof(float) * floats) : 0;
        if (floats > 0 && !prepared) return -1;
        for (long i = 0; i < used && prepared; i++) {
            products[i].prepared = prepared;
            prepared += rk_prepared_floats(table, products[i].weights, products[i].m, skinny);
        }
        run(table, products, used, most);
    }
    return failed ? -1 : 0;
}

void rk_dequantise(float *out, const rk_weights *weights, long first, long last) {
    rk_table_in_use()->dequantise(out, weights, first, last);
}
