#pragma once

// The int8 product for CPUs that multiply pairs of int16 rather than groups of int8: rows are kept
// as int16, row after row, and weights are widened as they are read. The products are those of
// int8, exact sums of int32. An instruction set's file says how one block is multiplied.

#include <cstddef>
#include <cstdint>

#include "kernels/generic/activation.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {
namespace {

constexpr int64_t kInt8Inputs = inputs_per_step(TileType::kInt8);
// Inputs of an output that lie side by side.
constexpr int64_t kInt8Group = 4;
// Rows whose sums with a panel, and steps whose weights, stay in the first-level cache.
constexpr int64_t kInt8Rows = 48;
constexpr int64_t kInt8Steps = 12;

template <typename V>
RowRange range_of(const float* x, int64_t count) {
  float lowest = x[0], highest = x[0];
  int64_t i = 0;
  if (count >= V::kWidth) {
    V low = V::load(x, All{}), high = low;
    for (; i + V::kWidth <= count; i += V::kWidth) {
      const V values = V::load(x + i, All{});
      low = V::min(values, low);
      high = V::max(values, high);
    }
    lowest = -(V::set1(0) - low).max();
    highest = high.max();
  }
  for (; i < count; ++i) {
    lowest = x[i] < lowest ? x[i] : lowest;
    highest = x[i] > highest ? x[i] : highest;
  }
  return {(highest - lowest) / 255, lowest};
}

template <typename V>
void convert_to_int8(const float* x, int64_t rows, int64_t inputs, std::byte* blocks,
                     RowRange* ranges) {
  const int64_t padded = (inputs + kInt8Inputs - 1) / kInt8Inputs * kInt8Inputs;
  auto* target = reinterpret_cast<int16_t*>(blocks);
  for (int64_t row = 0; row < rows; ++row, x += inputs, target += padded) {
    const RowRange range = ranges[row] = range_of<V>(x, inputs);
    const float inverse = range.scale > 0 ? 1 / range.scale : 0;
    int64_t i = 0;
    for (; i + V::kWidth <= inputs; i += V::kWidth) {
      const V above = V::load(x + i, All{}) - V::set1(range.low);
      (V::min(above * V::set1(inverse), V::set1(255)) + V::set1(0.5f)).store(target + i);
    }
    for (; i < inputs; ++i) {
      const float scaled = (x[i] - range.low) * inverse;
      target[i] = static_cast<int16_t>((scaled < 255 ? scaled : 255) + 0.5f);
    }
    for (; i < padded; ++i) target[i] = 0;
  }
}

/// Some rows x panel, Block::kOutputs at a time. Of these the inputs lie in groups of
/// kInt8Group that belong to one output.
template <typename Block, int kRows>
inline void multiply_rows(const int16_t* x, int64_t stride, const std::byte* panel, int64_t steps,
                          bool add, int32_t* sums) {
  for (int64_t output = 0; output < kPanelOutputs; output += Block::kOutputs) {
    const std::byte* weights =
        panel + output / kTileRows * kTileBytes + output % kTileRows * kInt8Group;
    Block::template multiply<kRows>(x, stride, weights, steps, add, sums + output);
  }
}

/// multiply_rows() for a number of rows that is known at run time only, at most kRows.
template <typename Block, int kRows = Block::kRows>
inline void multiply_some(int64_t rows, const int16_t* x, int64_t stride, const std::byte* panel,
                          int64_t steps, bool add, int32_t* sums) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return multiply_some<Block, kRows - 1>(rows, x, stride, panel, steps, add, sums);
    }
  }
  multiply_rows<Block, kRows>(x, stride, panel, steps, add, sums);
}

template <typename V, typename Block, Activation kActivation>
class Int8Panel {
 public:
  Int8Panel(const TileProduct& product, int64_t panel)
      : product_(product),
        panel_(panel),
        first_(panel * kPanelOutputs),
        stride_(product.steps * kInt8Inputs),
        weights_(product.weights + (panel * product.panel_steps + product.first_step) *
                                       step_bytes(TileType::kInt8)) {}

  void multiply(int64_t row, int64_t rows) const {
    alignas(64) int32_t sums[kInt8Rows * kPanelOutputs];
    const int64_t pieces = (rows + Block::kRows - 1) / Block::kRows;
    const auto* x = reinterpret_cast<const int16_t*>(product_.blocks) + row * stride_;
    for (int64_t step = 0; step < product_.steps; step += kInt8Steps) {
      const int64_t left = product_.steps - step;
      for (int64_t piece = 0; piece < pieces; ++piece) {
        const int64_t first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
        multiply_some<Block>(count, x + first * stride_ + step * kInt8Inputs, stride_,
                             weights_ + step * step_bytes(TileType::kInt8),
                             left < kInt8Steps ? left : kInt8Steps, step > 0,
                             sums + first * kPanelOutputs);
      }
    }
    for (int64_t i = 0; i < rows; ++i) finish(row + i, sums + i * kPanelOutputs);
  }

 private:
  void finish(int64_t row, const int32_t* sums) const {
    const RowRange range = product_.row_ranges[row];
    const int64_t left = product_.outputs - first_;
    float* parts = product_.sums == nullptr ? nullptr : parts_of(row);
    float* y = product_.y + row * product_.y_stride + first_ - product_.first_panel * kPanelOutputs;
    for_vectors<V>(product_.is_last_part() && left < kPanelOutputs ? left : kPanelOutputs,
                   [&](int64_t c, auto lanes, int) {
                     V value = V::fma(
                         V::load(sums + c), V::set1(range.scale),
                         V::set1(range.low) * V::load(product_.weight_sums + first_ + c, All{}));
                     if (!product_.is_first_part()) value = value + V::load(parts + c, All{});
                     if (!product_.is_last_part()) return value.store(parts + c, lanes);
                     const V x = V::fma(value, V::load(product_.weight_scales + first_ + c, All{}),
                                        V::load(product_.bias + first_ + c, All{}));
                     activate<kActivation, mantissa_bits(TileType::kInt8)>(x).store(y + c, lanes);
                   });
  }

  float* parts_of(int64_t row) const {
    const int64_t blocks = (product_.rows + kBlockRows - 1) / kBlockRows;
    return reinterpret_cast<float*>(product_.sums +
                                    (panel_ * blocks + row / kBlockRows) * kSumsBytes) +
           row % kBlockRows * kPanelOutputs;
  }

  const TileProduct& product_;
  const int64_t panel_, first_;  // output
  const int64_t stride_;         // of rows
  const std::byte* weights_;
};

template <typename V, typename Block>
void multiply_int8(const TileProduct& product) {
  with_activation(product.activation, [&](auto activation) {
    for (int64_t panel = product.panel_begin; panel < product.panel_end; ++panel) {
      const Int8Panel<V, Block, decltype(activation)::value> of_panel(product, panel);
      for (int64_t row = 0; row < product.rows; row += kInt8Rows) {
        const int64_t left = product.rows - row;
        of_panel.multiply(row, left < kInt8Rows ? left : kInt8Rows);
      }
    }
  });
}

template <typename V, typename Block>
constexpr TileKernels int8_kernels{TileType::kInt8, convert_to_int8<V>, multiply_int8<V, Block>,
                                   /*widening=*/2};

}  // namespace
}  // namespace sentence_torch
