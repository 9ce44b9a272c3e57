// The kernels for one instruction set. The including file has set LANES, TILE_ROWS and NAME and the target.
// clang-format off
#include "vector.h"
#include "gemv.h"
#include "gemm.h"
#include "elementwise.h"
#include "attention_prefill.h"
#include "attention_decode.h"
#include "streams.h"
// clang-format on

#define TABLE_OF(name) rk_##name
#define TABLE(name) TABLE_OF(name)
#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const rk_table TABLE(NAME) = {
    .name = TEXT(NAME),
    .lanes = LANES,
    .tile_rows = TILE_ROWS,
    .tile_columns = TILE_COLUMNS,
    .depth = DEPTH,
    .chain_operations = 2.0 * LANES * CHAIN_LENGTH * CHAIN_UNROLL,
    .prepare_rows = prepare_rows,
    .multiply = multiply,
    .dequantise = dequantise_rows,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .softmax = softmax,
    .silu_mul = silu_mul,
    .gelu = gelu_all,
    .add = add,
    .rotary = rotary,
    .combine = combine,
    .attention_prefill = attention_prefill,
    .attention_decode = attention_decode,
    .attention_merge = attention_merge,
    .stream = stream,
    .chain = chain,
};
