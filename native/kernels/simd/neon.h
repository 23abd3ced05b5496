#pragma once

#include <arm_neon.h>

#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// Four floats; simd/scalar.h and simd/avx512.h say what the members do.
struct F32 {
  static constexpr int kWidth = 4;
  static constexpr int kProductRows = 12;

  float32x4_t v;

  static F32 set1(float x) { return {vdupq_n_f32(x)}; }
  static F32 load(const float* p, All) { return {vld1q_f32(p)}; }
  static F32 load(const float* p, First n) {
    float lanes[kWidth] = {};
    for (int64_t i = 0; i < n.count; ++i) lanes[i] = p[i];
    return {vld1q_f32(lanes)};
  }
  static F32 load(const int32_t* p) { return {vcvtq_f32_s32(vld1q_s32(p))}; }
  void store(float* p, All) const { vst1q_f32(p, v); }
  void store(float* p, First n) const {
    float lanes[kWidth];
    vst1q_f32(lanes, v);
    for (int64_t i = 0; i < n.count; ++i) p[i] = lanes[i];
  }
  void store(int16_t* p) const { vst1_s16(p, vmovn_s32(vcvtq_s32_f32(v))); }
#ifdef _MSC_VER
  static void prefetch(const float* p) { __prefetch(p); }
#else
  static void prefetch(const float* p) { __builtin_prefetch(p); }
#endif
  F32 only(All) const { return *this; }
  F32 only(First n) const {
    const int32_t lanes[kWidth] = {0, 1, 2, 3};
    const uint32x4_t kept = vcltq_s32(vld1q_s32(lanes), vdupq_n_s32(static_cast<int32_t>(n.count)));
    return {vbslq_f32(kept, v, vdupq_n_f32(0))};
  }

  F32 operator+(F32 b) const { return {vaddq_f32(v, b.v)}; }
  F32 operator-(F32 b) const { return {vsubq_f32(v, b.v)}; }
  F32 operator*(F32 b) const { return {vmulq_f32(v, b.v)}; }
  F32 operator/(F32 b) const { return {vdivq_f32(v, b.v)}; }
  static F32 fma(F32 a, F32 b, F32 c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
  static F32 max(F32 a, F32 b) { return {vbslq_f32(vcgtq_f32(a.v, b.v), a.v, b.v)}; }
  static F32 min(F32 a, F32 b) { return {vbslq_f32(vcltq_f32(a.v, b.v), a.v, b.v)}; }
  static F32 if_less(F32 a, F32 b, F32 yes, F32 no) {
    return {vbslq_f32(vcltq_f32(a.v, b.v), yes.v, no.v)};
  }
  F32 abs() const { return {vabsq_f32(v)}; }
  F32 sqrt() const { return {vsqrtq_f32(v)}; }
  F32 round() const { return {vrndnq_f32(v)}; }
  F32 reciprocal() const { return {vdivq_f32(vdupq_n_f32(1), v)}; }
  static F32 scale(F32 x, F32 n) {
    const int32x4_t whole = vcvtq_s32_f32(n.v), half = vshrq_n_s32(whole, 1);
    return {vmulq_f32(vmulq_f32(x.v, power(half)), power(vsubq_s32(whole, half)))};
  }

  float sum() const { return vaddvq_f32(v); }
  float max() const { return vmaxvq_f32(v); }

  static F32 load_quads(const float* const* rows, int64_t column) {
    return {vld1q_f32(rows[0] + column)};
  }
  static void transpose_quads(F32 (&x)[4]) {
    const float32x4_t a = vtrn1q_f32(x[0].v, x[1].v), b = vtrn2q_f32(x[0].v, x[1].v);
    const float32x4_t c = vtrn1q_f32(x[2].v, x[3].v), d = vtrn2q_f32(x[2].v, x[3].v);
    x[0].v = vcombine_f32(vget_low_f32(a), vget_low_f32(c));
    x[1].v = vcombine_f32(vget_low_f32(b), vget_low_f32(d));
    x[2].v = vcombine_f32(vget_high_f32(a), vget_high_f32(c));
    x[3].v = vcombine_f32(vget_high_f32(b), vget_high_f32(d));
  }

 private:
  static float32x4_t power(int32x4_t n) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
  }
};

}  // namespace
}  // namespace sentence_torch
