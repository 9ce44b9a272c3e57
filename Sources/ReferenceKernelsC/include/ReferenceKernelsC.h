/// Kernels of a transformer on the host processor, in fp32 arithmetic, multi-threaded and vectorised; what they need
/// to be timed; and probes of the processor itself. Sizes are checked by the Swift module above.
#pragma once

#include "rk_attention.h"
#include "rk_elementwise.h"
#include "rk_file.h"
#include "rk_matmul.h"
#include "rk_moe.h"
#include "rk_probe.h"
#include "rk_quantise.h"
#include "rk_threads.h"
