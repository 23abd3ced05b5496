#pragma once

// The int8 product in plain C++, for CPUs without instructions for it: each instruction set's file
// compiles its own, and the compiler vectorises what it can.

#include <cstddef>
#include <cstdint>

#include "kernels/generic/activation.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {
namespace {

constexpr int64_t kInt8Inputs = inputs_per_step(TileType::kInt8);

/// Turns a row into 8 bits with a zero point of 128; returns its scale.
inline float convert_row(const float* x, int64_t inputs, int64_t steps, std::byte* target) {
  float largest = 0;
  for (int64_t i = 0; i < inputs; ++i) {
    const float magnitude = x[i] < 0 ? -x[i] : x[i];
    largest = magnitude > largest ? magnitude : largest;
  }
  const float inverse = largest > 0 ? 127 / largest : 0;
  for (int64_t i = 0; i < steps * kInt8Inputs; ++i) {
    const float scaled = i < inputs ? x[i] * inverse : 0;
    const auto whole = static_cast<int32_t>(scaled < 0 ? scaled - 0.5f : scaled + 0.5f);
    target[i / kInt8Inputs * step_bytes(TileType::kInt8) + i % kInt8Inputs] =
        static_cast<std::byte>(whole + 128);
  }
  return largest / 127;
}

void convert_to_int8(const float* x, int64_t x_stride, int64_t rows, int64_t inputs,
                     std::byte* blocks, float* row_scales) {
  const int64_t steps = (inputs + kInt8Inputs - 1) / kInt8Inputs;
  for (int64_t row = 0; row < rows; ++row) {
    std::byte* block = blocks + row / kBlockRows * steps * step_bytes(TileType::kInt8);
    row_scales[row] =
        convert_row(x + row * x_stride, inputs, steps, block + row % kBlockRows * kStepBytes);
  }
}

/// sums[32] = one row x panel.
inline void multiply_row(const std::byte* row, const std::byte* panel, int64_t steps,
                         int32_t* sums) {
  for (int64_t output = 0; output < kPanelOutputs; ++output) sums[output] = 0;
  for (int64_t step = 0; step < steps; ++step, row += 2 * kTileBytes, panel += 2 * kTileBytes) {
    for (int64_t byte = 0; byte < kStepBytes; ++byte) {
      const auto value = static_cast<int32_t>(row[byte]);
      for (int64_t tile = 0; tile < 2; ++tile) {
        const std::byte* weights = panel + tile * kTileBytes + byte / 4 * 64 + byte % 4;
        for (int64_t output = 0; output < kTileRows; ++output) {
          sums[tile * kTileRows + output] += value * static_cast<int8_t>(weights[output * 4]);
        }
      }
    }
  }
}

template <typename V>
void multiply_int8(const TileProduct& product) {
  for (int64_t panel = product.panel_begin; panel < product.panel_end; ++panel) {
    const int64_t first = panel * kPanelOutputs;
    const int64_t left = product.outputs - first;
    const std::byte* weights = product.weights + panel * product.steps * 2 * kTileBytes;
    for (int64_t row = 0; row < product.rows; ++row) {
      int32_t sums[kPanelOutputs];
      float values[kPanelOutputs];
      multiply_row(product.blocks + row / kBlockRows * product.steps * 2 * kTileBytes +
                       row % kBlockRows * kStepBytes,
                   weights, product.steps, sums);
      for (int64_t i = 0; i < kPanelOutputs; ++i) {
        values[i] = static_cast<float>(sums[i] - 128 * product.weight_sums[first + i]) *
                    product.weight_scales[first + i] * product.row_scales[row];
      }
      bias_activation<V>(values, kPanelOutputs, product.bias + first, product.activation, 1,
                         left < kPanelOutputs ? left : kPanelOutputs,
                         product.y + row * product.y_stride + first, product.y_stride);
    }
  }
}

}  // namespace
}  // namespace sentence_torch
