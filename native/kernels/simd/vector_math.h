#pragma once

#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// c[0] + c[1] x + c[2] x^2 ...
template <typename V, int N>
inline V polynomial(V x, const float (&c)[N]) {
  V y = V::set1(c[N - 1]);
  for (int i = N - 2; i >= 0; --i) y = V::fma(y, x, V::set1(c[i]));
  return y;
}

/// max and min in this order let a NaN through.
template <typename V>
inline V clamp(V x, float low, float high) {
  return V::min(V::set1(high), V::max(V::set1(low), x));
}

// The coefficients below are least-maximum fits of our own; what is left of the error is rounding.

/// 2^x, relative error below 2e-7 (subnormal results: absolute).
template <typename V>
inline V exp2(V x) {
  x = clamp(x, -151, 129);
  const V n = x.round();
  return V::scale(polynomial(x - n, {1, 6.931472029e-01f, 2.402264791e-01f, 5.550332457e-02f,
                                     9.618437371e-03f, 1.339888046e-03f, 1.535337189e-04f}),
                  n);
}

/// 2^x for x <= 0, off by 7.5e-5 of it at most, for vectors whose scale() takes any exponent.
template <typename V>
inline V exp2_13_bits(V x) {
  const V n = x.round();
  return V::scale(
      polynomial(x - n, {9.999280696e-01f, 6.932610307e-01f, 2.426112107e-01f, 5.517137654e-02f}),
      n);
}

/// e^x, relative error below 2e-7 (subnormal results: absolute).
template <typename V>
inline V exp(V x) {
  x = clamp(x, -105, 89);
  const V n = (x * V::set1(1.44269504f)).round();
  // ln 2 in two parts, the first with so few bits that n times it is exact.
  const V r = V::fma(n, V::set1(2.12194440e-4f), V::fma(n, V::set1(-0.693359375f), x));
  return V::scale(polynomial(r, {1, 1, 4.999999341e-01f, 1.666652008e-01f, 4.166839443e-02f,
                                 8.368783955e-03f, 1.381446958e-03f}),
                  n);
}

template <typename V>
inline V sigmoid(V x) {
  return V::set1(1) / (V::set1(1) + exp(V::set1(0) - x));
}

template <typename V>
inline V tanh(V x) {
  const V square = x * x;
  const V near = V::fma(x * square,
                        polynomial(square, {-3.333327805e-01f, 1.333133078e-01f, -5.372998742e-02f,
                                            2.060610992e-02f, -5.666900200e-03f}),
                        x);
  const V far = V::set1(1) - V::set1(2) / (V::set1(1) + exp(x + x));
  return V::if_less(x.abs(), V::set1(0.625f), near, far);
}

/// x Phi(x), Phi being the normal distribution (the exact GELU, not the one with tanh). With
/// a = |x| it is max(x, 0) - a Phi(-a), and Phi(-a) is exp(-a^2 / 2) times a function that is
/// nearly a polynomial of 1 / (1 + a / 4): no digits cancel, so even the far tail is accurate.
template <typename V>
inline V gelu(V x) {
  const V a = V::min(V::set1(14), x.abs());
  const V t = V::fma(a, V::set1(0.26f), V::set1(1)).reciprocal();
  const V p =
      polynomial(t, {3.568608995e-05f, 1.029395250e-01f, 1.109668462e-01f, 6.022966848e-02f,
                     1.921827905e-01f, -1.354401471e-01f, 2.463217481e-01f, -7.723628431e-02f});
  const V bell = exp2(a * a * V::set1(-0.72134752f));
  return V::max(V::set1(0), x) - a * bell * p;
}

/// The same with half the instructions: x (1/2 + c P(c^2)), c being x between -limit and limit,
/// where c P is 1/2. P takes c^2 scaled to -1 .. 1, so that its coefficients are small.
template <typename V, int N>
inline V clamped_gelu(V x, float limit, const float (&p)[N]) {
  const V c = clamp(x, -limit, limit);
  const V t = V::fma(c * c, V::set1(2 / (limit * limit)), V::set1(-1));
  return x * V::fma(c, polynomial(t, p), V::set1(0.5f));
}

/// Off by 1.3e-6, and by 3e-8 of x, at most.
template <typename V>
inline V gelu_16_bits(V x) {
  return clamped_gelu(
      x, 5.2f,
      {1.359499395e-01f, -6.774340570e-02f, 5.003020912e-02f, -3.994121030e-02f, 3.190666810e-02f,
       -2.459405735e-02f, 1.839022711e-02f, -1.310147997e-02f, 7.550805341e-03f, -3.507984336e-03f,
       2.860922366e-03f, -2.502728021e-03f, 8.559465059e-04f});
}

/// Off by 1.9e-4, and by 3.0e-4 of x, at most.
template <typename V>
inline V gelu_8_bits(V x) {
  return clamped_gelu(x, 3.9f,
                      {1.802703887e-01f, -8.573626727e-02f, 5.534847453e-02f, -3.479495272e-02f,
                       2.254844084e-02f, -1.435240731e-02f, 4.921452142e-03f});
}

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), the approximation that some models use.
template <typename V>
inline V gelu_tanh(V x) {
  const V inner = x * V::fma(x * x, V::set1(0.0713548163f), V::set1(1.59576912f));
  return x * sigmoid(inner);
}

}  // namespace
}  // namespace sentence_torch
