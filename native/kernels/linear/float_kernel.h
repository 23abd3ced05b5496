#pragma once

// The plain float32 product, for any vector type of kernels/simd.

#include <cstdint>

#include "kernels/generic/activation.h"
#include "kernels/generic/product.h"
#include "kernels/linear/floats.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {
namespace {

// Rows whose sums with a panel are finished while they are in the first-level cache.
constexpr int64_t kFloatRows = 48;

template <typename V>
void multiply_float_panels(const FloatProduct& layer) {
  alignas(64) float sums[kFloatRows * kPanelOutputs];
  for (int64_t panel = layer.panel_begin; panel < layer.panel_end; ++panel) {
    const int64_t output = panel * kPanelOutputs;
    const int64_t left = layer.outputs - output;
    const Rows<const float> weights{layer.weights + output * layer.inputs, kPanelOutputs};
    for (int64_t row = 0; row < layer.rows; row += kFloatRows) {
      const int64_t rows = layer.rows - row < kFloatRows ? layer.rows - row : kFloatRows;
      const Strided x{layer.x + row * layer.x_stride, layer.x_stride, 1};
      product<V>(rows, kPanelOutputs / V::kWidth, x, weights, layer.inputs, false,
                 Rows<float>{sums, kPanelOutputs});
      bias_activation<V>(sums, kPanelOutputs, layer.bias + output, layer.activation, rows,
                         left < kPanelOutputs ? left : kPanelOutputs,
                         layer.y + row * layer.y_stride + output, layer.y_stride);
    }
  }
}

}  // namespace
}  // namespace sentence_torch
