#if defined(__x86_64__)
#include "isa/table.h"

#include <string.h>

#define NAME avx512
#define LANES 16
#define TILE_ROWS 12

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "isa/all.h"
#pragma clang attribute pop
#endif
