// For every processor: vectors of four floats, which the compiler turns into whatever the base instruction set has.
#include "isa/table.h"

#include <string.h>

#define NAME portable
#define LANES 4
#define TILE_ROWS 6

#include "isa/all.h"
