#pragma once

#include <math.h>
#include <string.h>

#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// A vector of one float: what runs where nothing better does, and the plainest form of the
/// interface that every F32 has.
struct F32 {
  static constexpr int kWidth = 1;
  static constexpr int kProductRows = 4;  // rows of a block of sums that fits the registers

  float v;

  static F32 set1(float x) { return {x}; }
  static F32 load(const float* p, All) { return {*p}; }
  static F32 load(const float*, First) { return {0}; }
  /// This and the next store: for int8_kernel.h only, so not in simd/avx512.h.
  static F32 load(const int32_t* p) { return {static_cast<float>(*p)}; }
  void store(float* p, All) const { *p = v; }
  void store(float*, First) const {}
  /// Without what is behind the point, which has to be in range.
  void store(int16_t* p) const { *p = static_cast<int16_t>(v); }
  /// Asks the cache for the line at p, which need not be readable.
  static void prefetch(const float*) {}
  F32 only(All) const { return *this; }
  F32 only(First) const { return {0}; }

  F32 operator+(F32 b) const { return {v + b.v}; }
  F32 operator-(F32 b) const { return {v - b.v}; }
  F32 operator*(F32 b) const { return {v * b.v}; }
  F32 operator/(F32 b) const { return {v / b.v}; }
  /// a * b + c, rounded once or twice.
  static F32 fma(F32 a, F32 b, F32 c) { return {a.v * b.v + c.v}; }
  /// The second argument if either is NaN.
  static F32 max(F32 a, F32 b) { return {a.v > b.v ? a.v : b.v}; }
  static F32 min(F32 a, F32 b) { return {a.v < b.v ? a.v : b.v}; }
  static F32 if_less(F32 a, F32 b, F32 yes, F32 no) { return a.v < b.v ? yes : no; }
  F32 abs() const { return {fabsf(v)}; }
  F32 sqrt() const { return {sqrtf(v)}; }
  F32 round() const { return {nearbyintf(v)}; }
  /// 1 / x within 2 units of the last place, for finite x that are not 0 or subnormal.
  F32 reciprocal() const { return {1 / v}; }

  /// x * 2^n, for integral |n| <= 252 and x in [0.5, 2).
  static F32 scale(F32 x, F32 n) {
    const int32_t whole = static_cast<int32_t>(n.v), half = whole >> 1;
    return {x.v * power(half) * power(whole - half)};
  }

  float sum() const { return v; }
  float max() const { return v; }

 private:
  static float power(int32_t n) {
    const int32_t bits = (n + 127) << 23;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
  }
};

}  // namespace
}  // namespace sentence_torch
