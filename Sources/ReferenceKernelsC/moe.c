#include "include/rk_moe.h"

#include <math.h>

#include "include/rk_threads.h"

typedef struct { int *chosen; float *weights; const float *logits; long experts, k; int renormalise; } routing;

static void route(const void *context, long begin, long end) {
    const routing *p = context;
    for (long t = begin; t < end; t++) {
        const float *logits = p->logits + t * p->experts;
        int *chosen = p->chosen + t * p->k;
        float *weights = p->weights + t * p->k;
        float top = logits[0], total = 0, kept = 0;
        for (long e = 1; e < p->experts; e++) top = logits[e] > top ? logits[e] : top;
        for (long e = 0; e < p->experts; e++) total += expf(logits[e] - top);
        // Insertion into the k best so far: k is small.
        long filled = 0;
        for (long e = 0; e < p->experts; e++) {
            if (filled == p->k && !(logits[e] > logits[chosen[filled - 1]])) continue;
            long at = filled < p->k ? filled++ : p->k - 1;
            for (; at > 0 && logits[e] > logits[chosen[at - 1]]; at--) chosen[at] = chosen[at - 1];
            chosen[at] = (int)e;
        }
        for (long j = 0; j < p->k; j++) kept += weights[j] = expf(logits[chosen[j]] - top) / total;
        for (long j = 0; j < p->k && p->renormalise; j++) weights[j] /= kept;
    }
}

void rk_route(int *chosen, float *weights, const float *logits, long tokens, long experts, long k, int renormalise) {
    const routing work = { chosen, weights, logits, experts, k, renormalise };
    const long grain = rk_grain(tokens, 4);
    rk_parallel(tokens, grain > 16 ? grain : 16, route, &work);
}

void rk_permutation(long *offsets, int *slots, const int *chosen, long tokens, long experts, long k) {
    const long count = tokens * k;
    for (long e = 0; e <= experts; e++) offsets[e] = 0;
    for (long i = 0; i < count; i++) offsets[chosen[i] + 1]++;
    for (long e = 0; e < experts; e++) offsets[e + 1] += offsets[e];
    for (long i = 0; i < count; i++) slots[i] = (int)offsets[chosen[i]]++;
    // Every offset now stands at the end of its expert: shift them back to the beginnings.
    for (long e = experts; e > 0; e--) offsets[e] = offsets[e - 1];
    offsets[0] = 0;
}
