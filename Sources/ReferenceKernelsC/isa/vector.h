// Vectors of LANES floats for the instruction set that the including file is compiled for.
// Every function here is inlined, so that it takes on the instruction set of its caller.
#pragma once

typedef float vf __attribute__((ext_vector_type(LANES)));
typedef int vi __attribute__((ext_vector_type(LANES)));
typedef unsigned int vu __attribute__((ext_vector_type(LANES)));
typedef signed char vb __attribute__((ext_vector_type(LANES)));
typedef float f4 __attribute__((ext_vector_type(4)));
// The same at any address.
typedef float vf_at __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef unsigned int vu_at __attribute__((ext_vector_type(LANES), aligned(4), may_alias));
typedef signed char vb_at __attribute__((ext_vector_type(LANES), aligned(1), may_alias));
typedef float f4_at __attribute__((ext_vector_type(4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vf load(const float *p) { return *(const vf_at *)p; }
INLINE void store(float *p, vf v) { *(vf_at *)p = v; }
INLINE vf splat(float x) { return (vf)(x); }
INLINE vf as_float(vu bits) { return __builtin_bit_cast(vf, bits); }
INLINE vu as_bits(vf v) { return __builtin_bit_cast(vu, v); }
INLINE vf larger(vf a, vf b) { return __builtin_elementwise_max(a, b); }
INLINE vf smaller(vf a, vf b) { return __builtin_elementwise_min(a, b); }

/// Asks for a line of memory, into the second- or the first-level cache. The address need not exist.
INLINE void ask_for(const void *p) { __builtin_prefetch(p, 0, 2); }
INLINE void ask_for_soon(const void *p) { __builtin_prefetch(p, 0, 3); }

/// The sum of all lanes, added pairwise.
INLINE float lane_sum(vf v) {
#if LANES == 16
    typedef float f8 __attribute__((ext_vector_type(8)));
    f8 h = v.lo + v.hi;
    f4 q = h.lo + h.hi;
#elif LANES == 8
    f4 q = v.lo + v.hi;
#else
    f4 q = v;
#endif
    return (q.x + q.z) + (q.y + q.w);
}

INLINE float lane_max(vf v) { return __builtin_reduce_max(v); }

INLINE float bf16(unsigned short bits) { return __builtin_bit_cast(float, (unsigned)bits << 16); }

/// e^x to about one unit in the last place; 0x1p-126 and less come out as about 1e-38, x above 88 as about 1.6e38.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2, then the Taylor series of e^r to r^7: the first term left out is r^8/8! < 6e-9.
INLINE vf exponential(vf x) {
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, left in the low bits
    x = smaller(larger(x, splat(-87.0f)), splat(88.0f));
    vf shifted = x * 1.44269504f + magic;
    vf n = shifted - magic;
    vf r = x - n * 0.693145752f;   // ln 2 in two parts, the first with trailing zeros
    r = r - n * 1.42860677e-6f;
    vf p = splat(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return as_float(as_bits(p) + (as_bits(shifted) << 23));
}

INLINE vf sigmoid(vf x) { return 1.0f / (1.0f + exponential(-x)); }
INLINE vf silu(vf x) { return x * sigmoid(x); }

/// GELU in its tanh form (Hendrycks and Gimpel, arXiv 1606.08415, section 2), written with the logistic function:
/// (1 + tanh z) / 2 = 1 / (1 + e^(-2z)).
INLINE vf gelu(vf x) {
    vf z = 1.59576912f * (x + 0.044715f * x * x * x);  // 2 * sqrt(2 / pi)
    return x * sigmoid(z);
}

/// Loads `count` < LANES floats, the rest `fill`.
INLINE vf load_part(const float *p, long count, float fill) {
    float lanes[LANES];
    for (long i = 0; i < LANES; i++) lanes[i] = i < count ? p[i] : fill;
    return load(lanes);
}

INLINE void store_part(float *p, vf v, long count) {
    float lanes[LANES];
    store(lanes, v);
    for (long i = 0; i < count; i++) p[i] = lanes[i];
}
