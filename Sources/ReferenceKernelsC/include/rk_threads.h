#pragma once

/// Work on the items [begin, end) of a parallel region.
typedef void (*rk_body)(const void *context, long begin, long end);

/// Threads that take part in a parallel region, the calling one included.
int rk_threads(void);

/// Writes the numbers of the processors this process may run on, at most `most` of them, and returns how many.
int rk_processors(int *numbers, int most);

/// Sets the number of threads, 1 to 256; the start value is the number of processors this process may run on.
void rk_set_threads(int threads);

/// Calls `body` on consecutive ranges of at most `grain` items until all `count` are done, on all threads.
/// Regions of several callers run one after the other; one started inside another runs on its own thread.
void rk_parallel(long count, long grain, rk_body body, const void *context);

/// A grain that gives every thread about `shares` ranges of `count` items.
long rk_grain(long count, long shares);

/// At least `bytes` of memory, aligned to 64 bytes, that belong to the calling thread until it asks for the same slot
/// (0 to 7) again; null when there is no memory. Contents are not kept.
void *rk_scratch(int slot, long bytes);

/// Seconds that the threads of this process have been ready to run while the processor was another's, since each began; 0
/// where the system does not say. A thread that still waits is not counted yet.
double rk_waited(void);
/// Counts threads that have come since, too.
void rk_watch_threads(void);
