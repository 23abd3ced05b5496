#pragma once

// The plain float32 product, for any vector type of kernels/simd.

#include <cstdint>

#include "kernels/linear/floats.h"
#include "kernels/linear/tiles.h"
#include "kernels/rows.h"
#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// sums[kRows][kVectors vectors] = kRows rows x as many outputs. The sums stay in registers.
template <typename V, int kRows, int kVectors>
inline void multiply_floats(const float* x, int64_t x_stride, const float* panel, int64_t inputs,
                            float* sums) {
  V sum[kRows][kVectors];
  for (auto& row : sum) {
    for (auto& value : row) value = V::set1(0);
  }
  for (int64_t input = 0; input < inputs; ++input, panel += kPanelOutputs) {
    V weights[kVectors];
    for (int j = 0; j < kVectors; ++j) weights[j] = V::load(panel + j * V::kWidth, All{});
    for (int i = 0; i < kRows; ++i) {
      const V value = V::set1(x[i * x_stride + input]);
      for (int j = 0; j < kVectors; ++j) sum[i][j] = V::fma(value, weights[j], sum[i][j]);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < kVectors; ++j) {
      sum[i][j].store(sums + i * kPanelOutputs + j * V::kWidth, All{});
    }
  }
}

/// The same for `count` rows, at most kRows, and all outputs of the panel.
template <typename V, int kRows, int kVectors>
inline void multiply_up_to(int64_t count, const float* x, int64_t x_stride, const float* panel,
                           int64_t inputs, float* sums) {
  if constexpr (kRows > 0) {
    if (count < kRows) {
      multiply_up_to<V, kRows - 1, kVectors>(count, x, x_stride, panel, inputs, sums);
      return;
    }
    for (int64_t output = 0; output < kPanelOutputs; output += kVectors * V::kWidth) {
      multiply_floats<V, kRows, kVectors>(x, x_stride, panel + output, inputs, sums + output);
    }
  }
}

/// kRows x kVectors sums, as many vectors of weights and one value have to fit the registers.
template <typename V, int kRows, int kVectors>
void multiply_float_panels(const FloatProduct& product) {
  alignas(64) float sums[kRows * kPanelOutputs];
  for (int64_t panel = product.panel_begin; panel < product.panel_end; ++panel) {
    const int64_t output = panel * kPanelOutputs;
    const int64_t left = product.outputs - output;
    for (int64_t row = 0; row < product.rows; row += kRows) {
      const int64_t rows = product.rows - row < kRows ? product.rows - row : kRows;
      multiply_up_to<V, kRows, kVectors>(rows, product.x + row * product.x_stride, product.x_stride,
                                         product.weights + output * product.inputs, product.inputs,
                                         sums);
      bias_activation(sums, kPanelOutputs, product.bias + output, product.activation, rows,
                      left < kPanelOutputs ? left : kPanelOutputs,
                      product.y + row * product.y_stride + output, product.y_stride);
    }
  }
}

}  // namespace
}  // namespace sentence_torch
