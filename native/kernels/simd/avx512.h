#pragma once

#include <immintrin.h>

#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// Sixteen floats; simd/scalar.h says what the members do.
struct F32 {
  static constexpr int kWidth = 16;
  static constexpr int kProductRows = 8;

  __m512 v;

  static F32 set1(float x) { return {_mm512_set1_ps(x)}; }
  static F32 load(const float* p, All) { return {_mm512_loadu_ps(p)}; }
  static F32 load(const float* p, First n) { return {_mm512_maskz_loadu_ps(mask(n), p)}; }
  void store(float* p, All) const { _mm512_storeu_ps(p, v); }
  void store(float* p, First n) const { _mm512_mask_storeu_ps(p, mask(n), v); }
  static void prefetch(const float* p) {
    _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1);
  }
  F32 only(All) const { return *this; }
  F32 only(First n) const { return {_mm512_maskz_mov_ps(mask(n), v)}; }

  F32 operator+(F32 b) const { return {_mm512_add_ps(v, b.v)}; }
  F32 operator-(F32 b) const { return {_mm512_sub_ps(v, b.v)}; }
  F32 operator*(F32 b) const { return {_mm512_mul_ps(v, b.v)}; }
  F32 operator/(F32 b) const { return {_mm512_div_ps(v, b.v)}; }
  static F32 fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
  static F32 max(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
  static F32 min(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
  static F32 if_less(F32 a, F32 b, F32 yes, F32 no) {
    return {_mm512_mask_mov_ps(no.v, _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), yes.v)};
  }
  F32 abs() const { return {_mm512_abs_ps(v)}; }
  F32 sqrt() const { return {_mm512_sqrt_ps(v)}; }
  F32 round() const {
    return {_mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
  }
  F32 reciprocal() const {
    const __m512 r = _mm512_rcp14_ps(v);
    return {_mm512_mul_ps(r, _mm512_fnmadd_ps(v, r, _mm512_set1_ps(2)))};
  }
  static F32 scale(F32 x, F32 n) { return {_mm512_scalef_ps(x.v, n.v)}; }

  float sum() const { return _mm512_reduce_add_ps(v); }
  float max() const { return _mm512_reduce_max_ps(v); }

  /// Lane 4 l + i is rows[4 l][i]: a load of 4 columns of each fourth row.
  static F32 load_quads(const float* const* rows, int64_t column) {
    const __m512 a = _mm512_castps128_ps512(_mm_loadu_ps(rows[0] + column));
    const __m512 b = _mm512_mask_broadcast_f32x4(a, 0x00f0, _mm_loadu_ps(rows[4] + column));
    const __m512 c = _mm512_mask_broadcast_f32x4(b, 0x0f00, _mm_loadu_ps(rows[8] + column));
    return {_mm512_mask_broadcast_f32x4(c, 0xf000, _mm_loadu_ps(rows[12] + column))};
  }
  /// Transposes 4 x 4 blocks: lane 4 l + i of vector j becomes lane 4 l + j of vector i.
  static void transpose_quads(F32 (&x)[4]) {
    const __m512 a = _mm512_unpacklo_ps(x[0].v, x[1].v), b = _mm512_unpackhi_ps(x[0].v, x[1].v);
    const __m512 c = _mm512_unpacklo_ps(x[2].v, x[3].v), d = _mm512_unpackhi_ps(x[2].v, x[3].v);
    x[0].v = _mm512_shuffle_ps(a, c, 0x44);
    x[1].v = _mm512_shuffle_ps(a, c, 0xee);
    x[2].v = _mm512_shuffle_ps(b, d, 0x44);
    x[3].v = _mm512_shuffle_ps(b, d, 0xee);
  }

 private:
  static __mmask16 mask(First n) { return static_cast<__mmask16>((1u << n.count) - 1); }
};

}  // namespace
}  // namespace sentence_torch
