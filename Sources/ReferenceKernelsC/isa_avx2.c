#if defined(__x86_64__)
#include "isa/table.h"

#include <string.h>

#define NAME avx2
#define LANES 8
#define TILE_ROWS 6

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "isa/all.h"
#pragma clang attribute pop
#endif
