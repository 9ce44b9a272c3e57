#pragma once

/// Memory aligned to a page, from 2 MiB on to 2 MiB and asked for in huge pages when `huge` is not 0; null when there is
/// none. Freed by rk_free.
void *rk_allocate(long bytes, int huge);
void rk_free(void *memory);

/// Opens for reading, past the page cache when the file system allows it; `*direct` says whether it does.
/// Returns the descriptor or -1 with errno set.
int rk_open_direct(const char *path, int *direct);
/// Drops what the page cache holds of a file, as far as the system does so on request.
void rk_drop_cache(int file);

/// Reads [offset, offset + bytes) with `threads` requests of `request` bytes in flight; for a file opened past the cache
/// all of them and the buffer are multiples of 4096, the last request excepted. Returns 0 or an errno value; reaching
/// the end of the file early is EIO.
int rk_read_parallel(int file, void *buffer, long bytes, long offset, long request, int threads);

/// A thread that reads in the background, one request at a time.
typedef struct rk_reader rk_reader;
rk_reader *rk_reader_create(int threads, long request);
void rk_reader_destroy(rk_reader *reader);
/// Starts reading; the request before must have been waited for.
void rk_reader_start(rk_reader *reader, int file, void *buffer, long bytes, long offset);
/// Waits for it. Returns 0 or an errno value.
int rk_reader_wait(rk_reader *reader);
