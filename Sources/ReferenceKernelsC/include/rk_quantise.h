#pragma once

#include "rk_matmul.h"

/// Uniform random numbers in [-amplitude, amplitude): number `first + i` of the stream `seed`, on any number of threads.
void rk_fill_random(float *out, long count, unsigned long seed, long first, float amplitude);

/// Bytes of the values, the scales and the indices of a matrix.
long rk_values_bytes(rk_format format, long n, long k);
long rk_scales_bytes(rk_format format, long n, long k, long group);
long rk_indices_bytes(rk_format format, long n, long k);

/// Stores W[n, k] in `out->format` at the places that `out` names. Scales are the largest magnitude of the group over
/// 127 (int8) or 7 (int4), rounded to bf16 first, then values to the nearest; 2:4 keeps the two largest of each four.
void rk_quantise(const rk_weights *out, const float *w);
