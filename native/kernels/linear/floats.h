#pragma once

#include <cstdint>

#include "kernels/linear.h"

namespace sentence_torch {

/// activation(x W^T + bias) in plain float32. The weights of a panel of 32 outputs lie input by
/// input, [panel][input][32 outputs], and the bias is padded to whole panels.
struct FloatProduct {
  const float* x;
  int64_t x_stride;
  int64_t rows;
  const float* weights;  // of panel 0
  int64_t inputs;
  int64_t panel_begin;
  int64_t panel_end;
  int64_t outputs;
  const float* bias;
  Activation activation;
  float* y;
  int64_t y_stride;
};

using FloatMultiply = void (*)(const FloatProduct& product);

}  // namespace sentence_torch
