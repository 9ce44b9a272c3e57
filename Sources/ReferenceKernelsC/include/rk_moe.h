#pragma once

/// For every token the `k` experts with the largest logits (the first of equals) and their weights: the softmax over
/// all experts, divided by the sum over the chosen where `renormalise` is not 0.
void rk_route(int *chosen, float *weights, const float *logits, long tokens, long experts, long k, int renormalise);

/// Sorts the tokens * k choices by expert, keeping their order: offsets [experts + 1] are the first slot of each
/// expert, slots [tokens * k] the slot of each choice. Choices must be below `experts`.
void rk_permutation(long *offsets, int *slots, const int *chosen, long tokens, long experts, long k);

/// out[slots[t * k + j]] = x[t].
void rk_permute(float *out, const float *x, const int *slots, long tokens, long k, long width);

/// out[t] = sum over j of weights[t * k + j] * x[slots[t * k + j]].
void rk_combine(float *out, const float *x, const int *slots, const float *weights, long tokens, long k, long width);
