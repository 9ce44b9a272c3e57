#define _GNU_SOURCE
#include "include/rk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page = 4096, huge_page = 2 << 20, most_requests = 64 };

void *rk_allocate(long bytes, int huge) {
    void *memory = NULL;
    const size_t alignment = bytes >= huge_page ? huge_page : page;
    if (bytes <= 0 || posix_memalign(&memory, alignment, (size_t)bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    // Advice that is not taken, on a small allocation or an old system, leaves ordinary pages.
    if (bytes >= huge_page) madvise(memory, (size_t)bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
    (void)huge;
#endif
    return memory;
}

void rk_free(void *memory) { free(memory); }

int rk_open_direct(const char *path, int *direct) {
    *direct = 0;
#ifdef O_DIRECT
    int file = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (file >= 0) {
        *direct = 1;
        return file;
    }
    if (errno != EINVAL) return -1;
#endif
    return open(path, O_RDONLY | O_CLOEXEC);
}

void rk_drop_cache(int file) {
#ifdef POSIX_FADV_DONTNEED
    fdatasync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
#else
    (void)file;
#endif
}

// MARK: Reading with several requests in flight

typedef struct {
    int file;
    char *buffer;
    long bytes, offset, request;
    _Atomic long next;
    _Atomic int error;
} transfer;

static void *requests(void *argument) {
    transfer *t = argument;
    for (;;) {
        const long begin = atomic_fetch_add(&t->next, t->request);
        if (begin >= t->bytes || t->error) return NULL;
        const long end = begin + t->request < t->bytes ? begin + t->request : t->bytes;
        for (long at = begin; at < end;) {
            const ssize_t got = pread(t->file, t->buffer + at, (size_t)(end - at), t->offset + at);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                t->error = got < 0 ? errno : EIO;
                return NULL;
            }
            at += got;
        }
    }
}

int rk_read_parallel(int file, void *buffer, long bytes, long offset, long request, int threads) {
    transfer t = { file, buffer, bytes, offset, request > 0 ? request : bytes, 0, 0 };
    pthread_t helpers[most_requests];
    int started = 0;
    if (threads > most_requests) threads = most_requests;
    while (started < threads - 1 && pthread_create(&helpers[started], NULL, requests, &t) == 0) started++;
    requests(&t);
    for (int i = 0; i < started; i++) pthread_join(helpers[i], NULL);
    return t.error;
}

// MARK: Reading in the background

struct rk_reader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum { idle, asked, finished, leaving } state;
    int file, threads, result;
    long bytes, offset, request;
    void *buffer;
};

static void *serve(void *argument) {
    rk_reader *reader = argument;
    pthread_mutex_lock(&reader->lock);
    for (;;) {
        while (reader->state != asked && reader->state != leaving) pthread_cond_wait(&reader->changed, &reader->lock);
        if (reader->state == leaving) break;
        pthread_mutex_unlock(&reader->lock);
        const int result = rk_read_parallel(reader->file, reader->buffer, reader->bytes, reader->offset, reader->request, reader->threads);
        pthread_mutex_lock(&reader->lock);
        reader->result = result;
        if (reader->state == asked) reader->state = finished;
        pthread_cond_broadcast(&reader->changed);
    }
    pthread_mutex_unlock(&reader->lock);
    return NULL;
}

rk_reader *rk_reader_create(int threads, long request) {
    rk_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->threads = threads;
    reader->request = request;
    pthread_mutex_init(&reader->lock, NULL);
    pthread_cond_init(&reader->changed, NULL);
    if (pthread_create(&reader->thread, NULL, serve, reader) != 0) {
        free(reader);
        return NULL;
    }
    return reader;
}

void rk_reader_destroy(rk_reader *reader) {
    if (!reader) return;
    pthread_mutex_lock(&reader->lock);
    reader->state = leaving;
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    pthread_join(reader->thread, NULL);
    pthread_mutex_destroy(&reader->lock);
    pthread_cond_destroy(&reader->changed);
    free(reader);
}

void rk_reader_start(rk_reader *reader, int file, void *buffer, long bytes, long offset) {
    pthread_mutex_lock(&reader->lock);
    reader->file = file;
    reader->buffer = buffer;
    reader->bytes = bytes;
    reader->offset = offset;
    reader->state = asked;
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

int rk_reader_wait(rk_reader *reader) {
    pthread_mutex_lock(&reader->lock);
    while (reader->state == asked) pthread_cond_wait(&reader->changed, &reader->lock);
    const int result = reader->state == finished ? reader->result : 0;
    reader->state = idle;
    pthread_mutex_unlock(&reader->lock);
    return result;
}
