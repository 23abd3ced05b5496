#pragma once

#include <immintrin.h>

#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// Eight floats; simd/scalar.h and simd/avx512.h say what the members do.
struct F32 {
  static constexpr int kWidth = 8;
  static constexpr int kProductRows = 6;

  __m256 v;

  static F32 set1(float x) { return {_mm256_set1_ps(x)}; }
  static F32 load(const float* p, All) { return {_mm256_loadu_ps(p)}; }
  static F32 load(const float* p, First n) { return {_mm256_maskload_ps(p, mask(n))}; }
  static F32 load(const int32_t* p) {
    return {_mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
  }
  void store(float* p, All) const { _mm256_storeu_ps(p, v); }
  void store(float* p, First n) const { _mm256_maskstore_ps(p, mask(n), v); }
  void store(int16_t* p) const {
    const __m256i whole = _mm256_cvttps_epi32(v);
    const __m128i low = _mm256_castsi256_si128(whole), high = _mm256_extracti128_si256(whole, 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packs_epi32(low, high));
  }
  static void prefetch(const float* p) {
    _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1);
  }
  F32 only(All) const { return *this; }
  F32 only(First n) const { return {_mm256_and_ps(v, _mm256_castsi256_ps(mask(n)))}; }

  F32 operator+(F32 b) const { return {_mm256_add_ps(v, b.v)}; }
  F32 operator-(F32 b) const { return {_mm256_sub_ps(v, b.v)}; }
  F32 operator*(F32 b) const { return {_mm256_mul_ps(v, b.v)}; }
  F32 operator/(F32 b) const { return {_mm256_div_ps(v, b.v)}; }
  static F32 fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
  static F32 max(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
  static F32 min(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }
  static F32 if_less(F32 a, F32 b, F32 yes, F32 no) {
    return {_mm256_blendv_ps(no.v, yes.v, _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ))};
  }
  F32 abs() const { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), v)}; }
  F32 sqrt() const { return {_mm256_sqrt_ps(v)}; }
  F32 round() const { return {_mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
  F32 reciprocal() const { return {_mm256_div_ps(_mm256_set1_ps(1), v)}; }
  static F32 scale(F32 x, F32 n) {
    const __m256i whole = _mm256_cvtps_epi32(n.v), half = _mm256_srai_epi32(whole, 1);
    return {_mm256_mul_ps(_mm256_mul_ps(x.v, power(half)), power(_mm256_sub_epi32(whole, half)))};
  }

  float sum() const {
    const __m128 a = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 b = _mm_add_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
  }
  float max() const {
    const __m128 a = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    const __m128 b = _mm_max_ps(a, _mm_movehl_ps(a, a));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
  }

  static F32 load_quads(const float* const* rows, int64_t column) {
    const __m256 a = _mm256_castps128_ps256(_mm_loadu_ps(rows[0] + column));
    return {_mm256_insertf128_ps(a, _mm_loadu_ps(rows[4] + column), 1)};
  }
  static void transpose_quads(F32 (&x)[4]) {
    const __m256 a = _mm256_unpacklo_ps(x[0].v, x[1].v), b = _mm256_unpackhi_ps(x[0].v, x[1].v);
    const __m256 c = _mm256_unpacklo_ps(x[2].v, x[3].v), d = _mm256_unpackhi_ps(x[2].v, x[3].v);
    x[0].v = _mm256_shuffle_ps(a, c, 0x44);
    x[1].v = _mm256_shuffle_ps(a, c, 0xee);
    x[2].v = _mm256_shuffle_ps(b, d, 0x44);
    x[3].v = _mm256_shuffle_ps(b, d, 0xee);
  }

 private:
  static __m256i mask(First n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n.count)), lane);
  }
  static __m256 power(__m256i n) {
    const __m256i bits = _mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23);
    return _mm256_castsi256_ps(bits);
  }
};

}  // namespace
}  // namespace sentence_torch
