#define _GNU_SOURCE
#include "include/rk_probe.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "isa/table.h"

// MARK: The instruction set

static _Atomic(const rk_table *) in_use;

static const rk_table *best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl")) return __builtin_cpu_supports("avx512vnni") ? &rk_avx512vnni : &rk_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &rk_avx2;
#endif
    return &rk_portable;
}

const rk_table *rk_table_in_use(void) {
    const rk_table *table = atomic_load(&in_use);
    if (!table) {
        table = best();
        atomic_store(&in_use, table);
    }
    return table;
}

const char *rk_isa(void) { return rk_table_in_use()->name; }
int rk_lanes(void) { return (int)rk_table_in_use()->lanes; }

int rk_select_isa(const char *name) {
    const rk_table *candidates[] = {
#if defined(__x86_64__)
        &rk_avx512vnni, &rk_avx512, &rk_avx2,
#endif
        &rk_portable,
    };
    const rk_table *able = best();
    int reached = 0;  // the list goes from the most to the least demanding
    for (unsigned i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        reached |= candidates[i] == able;
        if (reached && strcmp(candidates[i]->name, name) == 0) {
            atomic_store(&in_use, candidates[i]);
            return 0;
        }
    }
    return -1;
}

// MARK: Clocks and chains

double rk_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int rk_dependent_adds(long count) {
    // Register plus register: adding a constant is folded at rename by some processors.
#if defined(__x86_64__)
    unsigned long x = 0, y = 1;
    for (long i = 0; i < count; i += 16)
        __asm__ volatile("add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\t"
                         "add %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0\n\tadd %1, %0"
                         : "+r"(x) : "r"(y) : "cc");
    return 0;
#elif defined(__aarch64__)
    unsigned long x = 0, y = 1;
    for (long i = 0; i < count; i += 16)
        __asm__ volatile("add %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\t"
                         "add %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\t"
                         "add %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1\n\tadd %0, %0, %1"
                         : "+r"(x) : "r"(y));
    return 0;
#else
    (void)count;
    return -1;
#endif
}

static void adds(const void *context, long begin, long end) {
    for (long i = begin; i < end; i++) rk_dependent_adds(*(const long *)context);
}

void rk_dependent_adds_all(long count) { rk_parallel(rk_threads(), 1, adds, &count); }

static void nothing(const void *context, long begin, long end) {
    (void)context, (void)begin, (void)end;
}

void rk_hand_off(void) { rk_parallel(rk_threads(), 1, nothing, NULL); }

double rk_fma_chain(long rounds, int all) {
    const rk_table *table = rk_table_in_use();
    _Atomic int sink = 0;
    const rk_chain work = { rounds, 0.999f, &sink };
    if (all) rk_parallel(rk_threads(), 1, table->chain, &work);
    else table->chain(&work, 0, 1);
    return (double)rounds * table->chain_operations;
}

void rk_stream_run(rk_stream kind, float *a, float *b, float *c, long count, long repeats, int all) {
    const rk_table *table = rk_table_in_use();
    _Atomic int sink = 0;
    const rk_streams work = { kind, a, b, c, repeats, 0.5f, &sink };
    const long blocks = count / 128;
    if (all) rk_parallel(blocks, (blocks + rk_threads() - 1) / rk_threads(), table->stream, &work);
    else table->stream(&work, 0, blocks);
}

// MARK: Pointer chase

typedef struct { void *next; char rest[56]; } node;

void rk_chase_build(void *memory, long count, unsigned long seed) {
    node *nodes = memory;
    for (long i = 0; i < count; i++) nodes[i].next = nodes + i;
    // Sattolo's algorithm: one cycle through all nodes.
    unsigned long state = seed | 1;
    for (long i = count - 1; i > 0; i--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        const long j = (long)(state % (unsigned long)i);
        void *swapped = nodes[i].next;
        nodes[i].next = nodes[j].next;
        nodes[j].next = swapped;
    }
}

const void *rk_chase_run(const void *nodes, long steps) {
    const node *at = nodes;
    for (long i = 0; i < steps; i += 8)
        at = ((node *)((node *)((node *)((node *)((node *)((node *)((node *)((node *)at->next)->next)->next)->next)->next)->next)->next)->next);
    return at;
}
