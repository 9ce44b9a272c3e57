#define _GNU_SOURCE
#include "include/rk_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { most_threads = 256, slots = 8 };

// The region of work at hand, in one word: a number in the upper half, whether it can still be joined, and how many
// workers are inside it. A worker that wakes after the region was closed never delays anyone.
static const unsigned long open_bit = 1ul << 31;
static _Atomic unsigned long region;

static struct {
    rk_body body;
    const void *context;
    long count, grain;
    _Atomic long next;
} work;

static pthread_mutex_t entry = PTHREAD_MUTEX_INITIALIZER;  // one region at a time
static pthread_mutex_t sleeping = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static _Atomic int sleepers;
static _Atomic int limit;  // threads that take part, the caller included; 0 before first use
static int started;        // workers that exist; guarded by `entry`
static _Thread_local int inside;

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

int rk_processors(int *numbers, int most) {
    int count = 0;
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        for (int i = 0; i < CPU_SETSIZE && count < most; i++)
            if (CPU_ISSET(i, &set)) numbers[count++] = i;
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    for (int i = 0; count == 0 && i < online && i < most; i++) numbers[i] = i;
    return count > 0 ? count : online > 0 && online < most ? (int)online : 1;
}

static int processors(void) {
    int numbers[4 * most_threads];
    return rk_processors(numbers, 4 * most_threads);
}

static int bounded(int threads) { return threads < 1 ? 1 : threads > most_threads ? most_threads : threads; }

int rk_threads(void) {
    int threads = atomic_load(&limit);
    if (threads == 0) {
        int fresh = bounded(processors());
        if (atomic_compare_exchange_strong(&limit, &threads, fresh)) threads = fresh;
    }
    return threads;
}

void rk_set_threads(int threads) {
    pthread_mutex_lock(&entry);
    atomic_store(&limit, bounded(threads));
    pthread_mutex_unlock(&entry);
}

static void drain(void) {
    inside = 1;
    for (;;) {
        long begin = atomic_fetch_add(&work.next, work.grain);
        if (begin >= work.count) break;
        long end = begin + work.grain < work.count ? begin + work.grain : work.count;
        work.body(work.context, begin, end);
    }
    inside = 0;
}

static unsigned long number(unsigned long state) { return state >> 32; }

/// Waits until there is a region other than `seen` that can be joined: turning for a while, then asleep.
static unsigned long next_region(unsigned long seen, int index) {
    for (int spin = 0; spin < 4000; spin++) {
        unsigned long state = atomic_load(&region);
        if ((state & open_bit) && number(state) != seen && index < atomic_load(&limit)) return state;
        pause_briefly();
    }
    pthread_mutex_lock(&sleeping);
    atomic_fetch_add(&sleepers, 1);
    unsigned long state;
    for (;;) {
        state = atomic_load(&region);
        if ((state & open_bit) && number(state) != seen && index < atomic_load(&limit)) break;
        pthread_cond_wait(&wake, &sleeping);
    }
    atomic_fetch_sub(&sleepers, 1);
    pthread_mutex_unlock(&sleeping);
    return state;
}

static void *worker(void *argument) {
    int index = (int)(long)argument;
    unsigned long seen = 0;
    for (;;) {
        unsigned long state = next_region(seen, index);
        seen = number(state);
        // Join only while the region is still this one and open; the state may change under us.
        while ((state & open_bit) && number(state) == seen) {
            if (atomic_compare_exchange_weak(&region, &state, state + 1)) {
                drain();
                atomic_fetch_sub(&region, 1);
                break;
            }
        }
    }
    return NULL;
}

static void start_workers(int threads) {
    while (started < threads - 1) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker, (void *)(long)(started + 1)) != 0) break;
        pthread_detach(thread);
        started++;
    }
}

void rk_parallel(long count, long grain, rk_body body, const void *context) {
    if (count <= 0) return;
    if (grain < 1) grain = 1;
    int threads = rk_threads();
    if (inside || threads == 1 || count <= grain) {
        body(context, 0, count);
        return;
    }
    pthread_mutex_lock(&entry);
    start_workers(threads);
    work.body = body;
    work.context = context;
    work.count = count;
    work.grain = grain;
    atomic_store(&work.next, 0);
    atomic_store(&region, ((number(atomic_load(&region)) + 1) << 32) | open_bit);
    if (atomic_load(&sleepers) > 0) {
        pthread_mutex_lock(&sleeping);
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&sleeping);
    }
    drain();
    unsigned long state = atomic_fetch_and(&region, ~open_bit) & ~open_bit;
    for (int spin = 0; (state & 0xffffffff) != 0; spin++) {
        if (spin < 20000) pause_briefly(); else sched_yield();
        state = atomic_load(&region);
    }
    pthread_mutex_unlock(&entry);
}

long rk_grain(long count, long shares) {
    long ranges = (long)rk_threads() * shares;
    return count <= ranges ? 1 : (count + ranges - 1) / ranges;
}

// MARK: Scratch memory of each thread

struct scratch { void *memory[slots]; long bytes[slots]; };
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct scratch *mine;

static void release(void *value) {
    struct scratch *scratch = value;
    for (int i = 0; i < slots; i++) free(scratch->memory[i]);
    free(scratch);
}

static void make_key(void) { pthread_key_create(&key, release); }

void *rk_scratch(int slot, long bytes) {
    pthread_once(&once, make_key);
    if (!mine) {
        mine = calloc(1, sizeof *mine);
        if (!mine) return NULL;
        pthread_setspecific(key, mine);
    }
    if (mine->bytes[slot] < bytes) {
        free(mine->memory[slot]);
        mine->memory[slot] = NULL;
        mine->bytes[slot] = 0;
        if (posix_memalign(&mine->memory[slot], 64, (size_t)bytes) != 0) return mine->memory[slot] = NULL;
        mine->bytes[slot] = bytes;
    }
    return mine->memory[slot];
}
