/// Walks of many rows through many trees at once, 64 nodes in one comparison. Only processors with AVX-512 VBMI can;
/// others are asked by `lt_supported` and step from node to node.
#pragma once

#include <stdint.h>

/// Columns that a row of places can have: they lie in one or two registers.
enum { lt_most_columns = 128, lt_top_levels = 6, lt_lower_levels = 4 };

/// Rows that are walked together; `places` and `sums` have room for a multiple of it.
enum { lt_rows = 64 };

/// Trees of at most six levels, or of at most ten, each laid out as if it were complete.
///
/// A row goes right at a node where its place in the node's column lies beyond the node's threshold, a leaf above the last
/// level being a node that nothing lies beyond.
typedef struct {
    long count;
    /// 128 bytes a tree: the columns of the nodes 1...63 numbered as in a heap, and their thresholds.
    const uint8_t *tops;
    /// 0: 64 leaves a tree. Otherwise 64 blocks a tree of 64 bytes: the columns of the nodes 1...15, their thresholds, 16 leaves.
    int is_deep;
    const int16_t *leaves;
} lt_trees;

/// Thresholds of one feature in ascending order, not a number beyond the last: every sixteenth of them, and all.
typedef struct { float pivots[16], all[256]; } lt_ladder;

/// What a column of places is about, and the place where the feature is missing.
typedef struct { uint16_t feature; uint8_t missing; } lt_column;

/// Whether this processor can.
int lt_supported(void);

/// Bytes from one row of places to the next: 64 or 128.
long lt_stride(long columns);

/// How many thresholds of each column's feature are at most the row's value.
///
/// - rows: `count` times `width` features.
void lt_place(uint8_t *places, const float *rows, long count, long width, const lt_column *columns, long column_count, const lt_ladder *ladders);

/// Adds to each row's sum the leaf it reaches in each tree.
///
/// - places: `count` rows, rounded up to a multiple of `lt_rows`, as `lt_place` writes them.
void lt_sum(int32_t *sums, const uint8_t *places, long count, long columns, const lt_trees *trees);

/// Points whose coordinates stand together.
enum { lt_lanes = 16 };

/// Places that are looked at together.
enum { lt_places = 4 };

/// Adds up the distances from each place to points, each times its weight, and finds the least of them.
///
/// - points: by block of `lt_lanes` points the first coordinate of all, then the second …
/// - at: the coordinates of one place after the other.
void lt_surface(long places, float *sums, float *least, const float *points, const float *weights, long blocks, long dimensions, const float *at);

/// A symmetric positive definite matrix of `n` rows to its inverse; 0 where it is none.
///
/// - scratch: as many numbers, at least `8 n`.
int lt_invert(double *matrix, long n, double *scratch);
