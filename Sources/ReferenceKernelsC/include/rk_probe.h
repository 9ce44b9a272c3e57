#pragma once

/// The instruction set in use: "avx512", "avx2" or "portable".
const char *rk_isa(void);
/// Uses another one, when this processor has it: 0 when it does.
int rk_select_isa(const char *name);
/// Floats in one vector of the instruction set in use.
int rk_lanes(void);

/// Seconds of a clock that never runs backwards.
double rk_now(void);

/// Runs `count` additions that each wait for the one before, so that one takes one cycle. Returns 0, or -1 on a
/// processor for which no such chain is written.
int rk_dependent_adds(long count);
/// The same on every thread at once.
void rk_dependent_adds_all(long count);

/// A parallel region of one empty item for each thread: what handing work to the threads costs.
void rk_hand_off(void);

/// The FMA chain: runs `rounds` rounds on every one of the threads and returns operations (2 for each lane of an FMA) of
/// one thread. The threads all take part when `all` is not 0, else the calling one alone.
double rk_fma_chain(long rounds, int all);

typedef enum { rk_read = 0, rk_write = 1, rk_copying = 2, rk_triad = 3 } rk_stream;
/// Streams over arrays of `count` floats `repeats` times with one thread or all, each on its own part: read sums a;
/// write fills a; copy is b = a; triad a = b + s c (McCalpin, STREAM). count is a multiple of 128.
void rk_stream_run(rk_stream kind, float *a, float *b, float *c, long count, long repeats, int all);

/// Makes one random cycle through `count` nodes of 64 bytes.
void rk_chase_build(void *nodes, long count, unsigned long seed);
/// Follows it for `steps` dependent loads and returns the last address, so that the loads are not left out.
const void *rk_chase_run(const void *nodes, long steps);
