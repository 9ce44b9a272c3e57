// Probes that need vectors: streams over an array and the chain of multiply-adds.
#pragma once

// Independent accumulators of the chain: more than latency times width of any processor so far, within the registers.
#define CHAIN_LENGTH (LANES == 16 ? 24 : 12)
#define CHAIN_UNROLL 8

/// Items are blocks of 128 floats.
static void stream(const void *context, long begin, long end) {
    const rk_streams *p = context;
    const long first = begin * 128, last = end * 128;
    for (long repeat = 0; repeat < p->repeats; repeat++) {
        switch (p->kind) {
        case rk_read: {
            vf sums[8] = {};
            for (long i = first; i < last; i += 8 * LANES)
                for (int u = 0; u < 8; u++) sums[u] += load(p->a + i + u * LANES);
            float total = 0;
            for (int u = 0; u < 8; u++) total += lane_sum(sums[u]);
            if (total == 12345.678f) *p->sink = 1;  // the sum is used, so that the loads stay
            break;
        }
        case rk_write:
            for (long i = first; i < last; i += LANES) store(p->a + i, splat(p->s));
            break;
        case rk_copying:
            for (long i = first; i < last; i += LANES) store(p->b + i, load(p->a + i));
            break;
        case rk_triad:
            for (long i = first; i < last; i += LANES) store(p->a + i, load(p->b + i) + load(p->c + i) * p->s);
            break;
        }
        __asm__ volatile("" ::: "memory");  // one repetition is not merged with the next
    }
}

/// Every item is one whole chain, so that each thread runs one.
static void chain(const void *context, long begin, long end) {
    const rk_chain *p = context;
    for (long item = begin; item < end; item++) {
        vf sums[CHAIN_LENGTH];
        for (int i = 0; i < CHAIN_LENGTH; i++) sums[i] = splat((float)i);
        const vf a = splat(p->start), b = splat(1.0f - p->start);
        for (long round = 0; round < p->rounds; round++)
#pragma clang loop unroll(full)
            for (int u = 0; u < CHAIN_UNROLL; u++)
#pragma clang loop unroll(full)
                for (int i = 0; i < CHAIN_LENGTH; i++) sums[i] = sums[i] * a + b;
        float total = 0;
        for (int i = 0; i < CHAIN_LENGTH; i++) total += lane_sum(sums[i]);
        if (total == 12345.678f) *p->sink = 1;
    }
}
