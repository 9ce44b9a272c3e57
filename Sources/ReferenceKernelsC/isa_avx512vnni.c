#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "isa/table.h"

#define NAME avx512vnni
#define LANES 16
#define TILE_ROWS 12
#define INTEGER_DOTS 1

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"))), apply_to = function)
#include "isa/all.h"
#pragma clang attribute pop
#endif
