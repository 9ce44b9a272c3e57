// int4 weights in groups of 128 by integer dot products (VNNI): 64 multiply-adds an instruction, and no weight is widened.
//
// A block of 128 elements of X is brought to 24-bit integers under one scale, which is as exact as fp32, and cut into three
// signed bytes: x = scale * (65536 a + 256 b + c). Four unsigned bits times a signed byte, summed over four bytes, is
// one instruction a part; the parts are added with shifts, exactly. The codes' offset of 8 is in the start value.
#pragma once

enum { integer_parts = 3, integer_largest = 127 * 65536 };

/// What one block of a row of X becomes: 128 floats of room.
typedef struct {
    /// Bytes beside the even and the odd nibbles of the 16 words of a block of weights.
    vu even[integer_parts], odd[integer_parts];
    /// -8 times the sum of the integers beside each word.
    vi start;
    float scale, unused[15];
} integer_block;

_Static_assert(sizeof(integer_block) == 512, "a block takes the room of its 128 floats");

static void prepare_integers(integer_block *out, const float *x, long count) {
    float whole[128];
    if (count < 128) {
        memcpy(whole, x, sizeof(float) * (size_t)count);
        memset(whole + count, 0, sizeof(float) * (size_t)(128 - count));
        x = whole;
    }
    vf most = {}, sum = {};
    for (int j = 0; j < 8; j++) {
        vf v = load(x + j * 16);
        most = larger(most, larger(v, -v));
        sum += v * 0.0f;  // NaN or infinity anywhere makes the whole block a NaN, as a sum of products would
    }
    const float top = lane_max(most), poison = lane_sum(sum);
    out->scale = top / (float)integer_largest + poison;
    const float factor = top > 0 && poison == 0 ? (float)integer_largest / top : 0;
    vi total = {};
    vu bytes[8][integer_parts];
    for (int j = 0; j < 8; j++) {
        const vi q = poison == 0 ? __builtin_convertvector(__builtin_elementwise_roundeven(load(x + j * 16) * factor), vi) : (vi){};
        total += q;
        const vi low = q << 24 >> 24, upper = (q - low) >> 8, middle = upper << 24 >> 24, high = (upper - middle) >> 8;
        bytes[j][0] = (vu)high & 255u;
        bytes[j][1] = (vu)middle & 255u;
        bytes[j][2] = (vu)low & 255u;
    }
    for (int part = 0; part < integer_parts; part++) {
        out->even[part] = bytes[0][part] | bytes[2][part] << 8 | bytes[4][part] << 16 | bytes[6][part] << 24;
        out->odd[part] = bytes[1][part] | bytes[3][part] << 8 | bytes[5][part] << 16 | bytes[7][part] << 24;
    }
    out->start = total * -8;
}

INLINE vi dots(vi sum, vu codes, vu bytes) { return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)codes, (__m512i)bytes); }

INLINE void block_int4_integer(const rk_product *p, long c, long r, const int C, const int R) {
    const rk_weights *w = p->weights;
    const long k = rk_padded(rk_int4, w->k), blocks = k / 128, stride = k + blocks * 16;
    const unsigned *words = (const unsigned *)w->values + c * blocks * 16;
    const unsigned short *scales = w->scales + c * blocks;
    const integer_block *x[4];
    for (int b = 0; b < R; b++) x[b] = (const integer_block *)(p->prepared + (r + b) * stride);
    vf sums[4][4] = {};
    for (long block = 0; block < blocks; block++)
        for (int a = 0; a < C; a++) {
            ask_for(words + ((C + a) * blocks + block) * 16);
            const vu codes = *(const vu_at *)(words + (a * blocks + block) * 16);
            const vu even = codes & 0x0f0f0f0fu, odd = codes >> 4 & 0x0f0f0f0fu;
            if (block % 32 == 0) ask_for(scales + (C + a) * blocks + block);
            const float scale = bf16(scales[a * blocks + block]);
            for (int b = 0; b < R; b++) {
                const integer_block *own = x[b] + block;
                vi high = dots(dots((vi){}, even, own->even[0]), odd, own->odd[0]);
                vi middle = dots(dots((vi){}, even, own->even[1]), odd, own->odd[1]);
                vi low = dots(dots(own->start, even, own->even[2]), odd, own->odd[2]);
                vi whole = (((high << 8) + middle) << 8) + low;
                sums[a][b] += __builtin_convertvector(whole, vf) * (scale * own->scale);
            }
        }
    for (int a = 0; a < C; a++)
        for (int b = 0; b < R; b++) p->y[(r + b) * w->n + c + a] = lane_sum(sums[a][b]);
}
