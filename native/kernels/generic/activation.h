#pragma once

#include <type_traits>

#include "kernels/rows.h"
#include "kernels/simd/vector_math.h"

namespace sentence_torch {
namespace {

/// For outputs of which so many bits of mantissa are kept.
template <Activation kActivation, int kBits = 24, typename V>
inline V activate(V x) {
  if constexpr (kActivation == Activation::kGelu) {
    if constexpr (kBits <= 8) return gelu_8_bits(x);
    return kBits <= 16 ? gelu_16_bits(x) : gelu(x);
  }
  if constexpr (kActivation == Activation::kGeluTanh) return gelu_tanh(x);
  if constexpr (kActivation == Activation::kRelu) return V::max(V::set1(0), x);
  if constexpr (kActivation == Activation::kSilu) return x * sigmoid(x);
  if constexpr (kActivation == Activation::kSigmoid) return sigmoid(x);
  if constexpr (kActivation == Activation::kTanh) return tanh(x);
  return x;
}

/// Calls work(std::integral_constant) with the activation as a constant of the compiler.
template <typename Work>
auto with_activation(Activation activation, const Work& work) {
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kGelu:
      return work(std::integral_constant<Activation, Activation::kGelu>());
    case Activation::kGeluTanh:
      return work(std::integral_constant<Activation, Activation::kGeluTanh>());
    case Activation::kRelu:
      return work(std::integral_constant<Activation, Activation::kRelu>());
    case Activation::kSilu:
      return work(std::integral_constant<Activation, Activation::kSilu>());
    case Activation::kSigmoid:
      return work(std::integral_constant<Activation, Activation::kSigmoid>());
    case Activation::kTanh:
      return work(std::integral_constant<Activation, Activation::kTanh>());
  }
  return work(std::integral_constant<Activation, Activation::kNone>());
}

template <Activation kActivation, typename V>
void activate_block(const float* x, int64_t x_stride, const float* bias, int64_t rows,
                    int64_t columns, float* y, int64_t y_stride) {
  for (int64_t r = 0; r < rows; ++r, x += x_stride, y += y_stride) {
    for_vectors<V>(columns, [&](int64_t c, auto lanes, int) {
      V v = V::load(x + c, lanes);
      if (bias != nullptr) v = v + V::load(bias + c, lanes);
      activate<kActivation>(v).store(y + c, lanes);
    });
  }
}

template <typename V>
void bias_activation(const float* x, int64_t x_stride, const float* bias, Activation activation,
                     int64_t rows, int64_t columns, float* y, int64_t y_stride) {
  with_activation(activation, [&](auto known) {
    activate_block<decltype(known)::value, V>(x, x_stride, bias, rows, columns, y, y_stride);
  });
}

}  // namespace
}  // namespace sentence_torch
