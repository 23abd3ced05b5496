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

inline RowRange convert_row(const float* x, int64_t inputs, int64_t steps, std::byte* target) {
  float low = x[0], high = x[0];
  for (int64_t i = 0; i < inputs; ++i) {
    low = x[i] < low ? x[i] : low;
    high = x[i] > high ? x[i] : high;
  }
  const RowRange range{(high - low) / 255, low};
  const float inverse = range.scale > 0 ? 1 / range.scale : 0;
  for (int64_t i = 0; i < steps * kInt8Inputs; ++i) {
    const float scaled = i < inputs ? (x[i] - low) * inverse : 0;
    target[i / kInt8Inputs * step_bytes(TileType::kInt8) + i % kInt8Inputs] =
        static_cast<std::byte>(scaled < 255 ? scaled + 0.5f : 255);
  }
  return range;
}

void convert_to_int8(const float* x, int64_t rows, int64_t inputs, std::byte* blocks,
                     RowRange* ranges) {
  const int64_t steps = (inputs + kInt8Inputs - 1) / kInt8Inputs;
  for (int64_t row = 0; row < rows; ++row) {
    std::byte* block = blocks + row / kBlockRows * steps * step_bytes(TileType::kInt8);
    ranges[row] =
        convert_row(x + row * inputs, inputs, steps, block + row % kBlockRows * kStepBytes);
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
  constexpr int64_t kStep = step_bytes(TileType::kInt8);
  const int64_t blocks = (product.rows + kBlockRows - 1) / kBlockRows;
  for (int64_t panel = product.panel_begin; panel < product.panel_end; ++panel) {
    const int64_t first = panel * kPanelOutputs;
    const int64_t column = first - product.first_panel * kPanelOutputs;
    const int64_t left = product.outputs - first;
    const std::byte* weights =
        product.weights + (panel * product.panel_steps + product.first_step) * kStep;
    for (int64_t row = 0; row < product.rows; ++row) {
      const int64_t block = row / kBlockRows, row_of_block = row % kBlockRows;
      int32_t sums[kPanelOutputs];
      float own_values[kPanelOutputs] = {};
      float* values =
          product.sums == nullptr
              ? own_values
              : reinterpret_cast<float*>(product.sums + (panel * blocks + block) * kSumsBytes) +
                    row_of_block * kPanelOutputs;
      multiply_row(product.blocks + block * product.steps * kStep + row_of_block * kStepBytes,
                   weights, product.steps, sums);
      for (int64_t i = 0; i < kPanelOutputs; ++i) {
        const RowRange& range = product.row_ranges[row];
        const float value =
            static_cast<float>(sums[i]) * range.scale + range.low * product.weight_sums[first + i];
        values[i] = product.is_first_part() ? value : values[i] + value;
      }
      if (!product.is_last_part()) continue;
      for (int64_t i = 0; i < kPanelOutputs; ++i) values[i] *= product.weight_scales[first + i];
      bias_activation<V>(values, kPanelOutputs, product.bias + first, product.activation, 1,
                         left < kPanelOutputs ? left : kPanelOutputs,
                         product.y + row * product.y_stride + column, product.y_stride);
    }
  }
}

}  // namespace
}  // namespace sentence_torch
