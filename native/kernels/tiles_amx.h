#pragma once

#include <immintrin.h>

#include "kernels/simd/avx512.h"
#include "kernels/tile_registers_amx.h"

namespace sentence_torch {
namespace {

// Operands of the tile products, made from float32. A tile is 16 rows of 16 pairs of bfloat16. The
// two of a pair are sixteen places apart (lane i of two vectors), which takes a shift and a blend
// instead of a shuffle; the order of a product's terms is free as long as both operands share it.

/// Values in the tiles: one bfloat16 each, or (kParts = 2) two that add up to 16 bits of mantissa.
template <int kParts>
struct Pairs {
  __m512i part[kParts];
};

constexpr int64_t kTile = 256;  // dwords

inline __m512i rounded(__m512 x) {
  return _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x8000));
}

/// Upper halves of a's and b's lanes, in pairs.
inline __m512i upper_halves(__m512i a, __m512i b) {
  return _mm512_mask_mov_epi16(_mm512_srli_epi32(a, 16), 0xaaaaaaaa, b);
}

template <int kParts>
inline Pairs<kParts> pairs_of(F32 a, F32 b) {
  Pairs<kParts> pairs;
  const __m512i a_high = rounded(a.v), b_high = rounded(b.v);
  pairs.part[0] = upper_halves(a_high, b_high);
  if constexpr (kParts == 2) {
    const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000));
    const __m512 a_low = _mm512_sub_ps(a.v, _mm512_castsi512_ps(_mm512_and_si512(a_high, upper)));
    const __m512 b_low = _mm512_sub_ps(b.v, _mm512_castsi512_ps(_mm512_and_si512(b_high, upper)));
    pairs.part[1] = upper_halves(rounded(a_low), rounded(b_low));
  }
  return pairs;
}

/// Row `row` of kParts tiles that lie one after the other.
template <int kParts>
inline void store_row(const Pairs<kParts>& pairs, float* tiles, int64_t row) {
  for (int part = 0; part < kParts; ++part) {
    _mm512_storeu_si512(tiles + part * kTile + row * 16, pairs.part[part]);
  }
}

/// Of `count` values at p, those from `first` on: sixteen, zeros beyond the end.
inline F32 load_padded(const float* p, int64_t first, int64_t count) {
  const int64_t left = count - first;
  if (left >= 16) return F32::load(p + first, All{});
  return left > 0 ? F32::load(p + first, First{left}) : F32::set1(0);
}

inline void transpose_tile(const float* from, float* to) {
  const float* rows[16];
  for (int i = 0; i < 16; ++i) rows[i] = from + i * 16;
  for (int c = 0; c < 16; c += 4) {
    F32 quads[4];
    for (int i = 0; i < 4; ++i) quads[i] = F32::load_quads(rows + i, c);
    F32::transpose_quads(quads);
    for (int i = 0; i < 4; ++i) quads[i].store(to + (c + i) * 16, All{});
  }
}

/// Lane i: the 16 values of row i of a tile, combined.
template <typename Combine>
inline F32 across_lanes(const float* tile, const Combine& combine) {
  const float* rows[16];
  for (int i = 0; i < 16; ++i) rows[i] = tile + i * 16;
  F32 quads[4];
  for (int i = 0; i < 4; ++i) {
    const F32 left = combine(F32::load_quads(rows + i, 0), F32::load_quads(rows + i, 4));
    const F32 right = combine(F32::load_quads(rows + i, 8), F32::load_quads(rows + i, 12));
    quads[i] = combine(left, right);
  }
  F32::transpose_quads(quads);
  return combine(combine(quads[0], quads[1]), combine(quads[2], quads[3]));
}

/// Tile registers 0 and 1 += a b0 and a b1: kParts tiles each. The product of two lower parts is
/// too small to matter.
template <int kParts>
inline void add_products(const float* a, const float* b0, const float* b1) {
  _tile_loadd(2, a, 64);
  _tile_loadd(4, b0, 64);
  _tile_loadd(5, b1, 64);
  _tile_dpbf16ps(0, 2, 4);
  _tile_dpbf16ps(1, 2, 5);
  if constexpr (kParts == 2) {
    _tile_loadd(3, a + kTile, 64);
    _tile_dpbf16ps(0, 3, 4);
    _tile_dpbf16ps(1, 3, 5);
    _tile_loadd(6, b0 + kTile, 64);
    _tile_loadd(7, b1 + kTile, 64);
    _tile_dpbf16ps(0, 2, 6);
    _tile_dpbf16ps(1, 2, 7);
  }
}

}  // namespace
}  // namespace sentence_torch
