#pragma once

#include <cstdint>

#include "kernels/linear.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {

/// Inputs that are multiplied at once: what a panel has of them comes from the caches near the
/// core.
constexpr int64_t kFloatDepth = 384;
/// Sums of this many rows and panels are kept in the second-level cache until they are complete.
constexpr int64_t kFloatRows = 128;
constexpr int64_t kFloatPanels = 4;
constexpr int64_t kFloatSums = kFloatRows * kFloatPanels * kPanelOutputs;

/// activation(x W^T + bias) in plain float32. The weights of a panel of 32 outputs lie input by
/// input, [panel][input][32 outputs], and the bias is padded to whole panels.
struct FloatProduct {
  const float* x;
  int64_t rows;
  const float* weights;  // of panel 0
  int64_t inputs;
  int64_t panel_begin;
  int64_t panel_end;
  int64_t outputs;
  const float* bias;
  Activation activation;
  float* y;
  float* sums;  // kFloatSums to work with
};

using FloatMultiply = void (*)(const FloatProduct& product);

}  // namespace sentence_torch
