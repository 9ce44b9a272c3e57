#pragma once

// Rows are contiguous; `out` may be `x`. All threads take part.

/// out = x / sqrt(mean(x^2) + epsilon) * weight (Zhang and Sennrich, arXiv 1910.07467).
void rk_rms_norm(float *out, const float *x, const float *weight, long rows, long width, float epsilon);
/// out = (x - mean) / sqrt(variance + epsilon) * weight + bias (Ba et al., arXiv 1607.06450).
void rk_layer_norm(float *out, const float *x, const float *weight, const float *bias, long rows, long width, float epsilon);
void rk_softmax(float *out, const float *x, long rows, long width);
/// out = silu(gate) * up.
void rk_silu_mul(float *out, const float *gate, const float *up, long count);
/// GELU in its tanh form.
void rk_gelu(float *out, const float *x, long count);
void rk_add(float *out, const float *a, const float *b, long count);
/// out[i] = table[ids[i]]; ids must be rows of the table.
void rk_gather(float *out, const float *table, const int *ids, long rows, long width);
/// Rotates the pair (i, i + dimension/2) of every head by the angle of its row's position (Su et al., arXiv 2104.09864,
/// with the halves laid out as in GPT-NeoX). `angles` is [positions, dimension]: dimension/2 cosines, then sines.
void rk_rotary(float *x, const float *angles, const int *positions, long rows, long heads, long dimension);
/// Copies with all threads.
void rk_copy(void *out, const void *in, long bytes);
/// Zeroes with all threads, so that pages spread over the memory of all of them.
void rk_zero(void *out, long bytes);
