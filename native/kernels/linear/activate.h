#pragma once

#include "kernels/linear.h"
#include "kernels/simd/vector_math.h"

namespace sentence_torch {
namespace {

template <Activation kActivation, typename V>
inline V activate(V x) {
  if constexpr (kActivation == Activation::kGelu) return gelu(x);
  if constexpr (kActivation == Activation::kGeluTanh) return gelu_tanh(x);
  if constexpr (kActivation == Activation::kRelu) return V::max(V::set1(0), x);
  if constexpr (kActivation == Activation::kSilu) return x * sigmoid(x);
  if constexpr (kActivation == Activation::kSigmoid) return sigmoid(x);
  if constexpr (kActivation == Activation::kTanh) return tanh(x);
  return x;
}

}  // namespace
}  // namespace sentence_torch
