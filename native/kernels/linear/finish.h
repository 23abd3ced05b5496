#pragma once

// Sums to outputs, with AVX-512.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/generic/activation.h"
#include "kernels/linear/convert.h"
#include "kernels/linear/tiles.h"
#include "kernels/simd/avx512.h"

namespace sentence_torch {
namespace {

/// A block of rows whose sums with a panel are complete, on its way to the outputs. It goes a few
/// rows at a time, since the vector units are idle while tiles are multiplied: a kernel that calls
/// advance() between its products gets bias, activation and conversion nearly for free.
template <TileType kType>
class Finisher {
 public:
  explicit Finisher(const TileProduct& product) : product_(product) {}
  ~Finisher() { finish(); }
  Finisher(const Finisher&) = delete;
  Finisher& operator=(const Finisher&) = delete;

  /// The next block. The one before has to be finished.
  void start(int64_t panel, int64_t first_row, const std::byte* sums) {
    const int64_t left = product_.rows - first_row;
    panel_ = panel;
    first_row_ = first_row;
    sums_ = sums;
    row_ = 0;
    rows_ = left < kBlockRows ? left : kBlockRows;
  }

  void advance(int64_t rows) {
    const int64_t end = row_ + rows < rows_ ? row_ + rows : rows_;
    if (row_ >= end) return;
    with_activation(product_.activation,
                    [&](auto activation) { finish_rows<decltype(activation)::value>(end); });
    row_ = end;
  }

  void finish() { advance(kBlockRows); }

 private:
  template <Activation kActivation>
  void finish_rows(int64_t end) const {
    if constexpr (kType == TileType::kInt8) {
      if (!product_.is_last_part()) return add_rows(end);
    }
    const int64_t column = panel_ * kPanelOutputs;
    const bool whole_panel = product_.outputs - column >= kPanelOutputs;
    if (product_.next != nullptr) {
      const int64_t step =
          first_row_ / kBlockRows * product_.next_steps + panel_ - product_.first_panel;
      std::byte* target = product_.next + step * step_bytes(kType);
      each_row<kActivation>(end, [target](int64_t row, F32 left, F32 right) {
        store_step<kType>(left.v, right.v, target + row * kStepBytes);
      });
      return;
    }
    const int64_t stride = product_.y_stride;
    float* y = product_.y + first_row_ * stride + (panel_ - product_.first_panel) * kPanelOutputs;
    if (whole_panel) {
      each_row<kActivation>(end, [y, stride](int64_t row, F32 left, F32 right) {
        _mm512_storeu_ps(y + row * stride, left.v);
        _mm512_storeu_ps(y + row * stride + 16, right.v);
      });
    } else {
      const __mmask16 left_lanes = first_lanes(product_.outputs - column);
      const __mmask16 right_lanes = first_lanes(product_.outputs - column - 16);
      each_row<kActivation>(end, [=](int64_t row, F32 left, F32 right) {
        _mm512_mask_storeu_ps(y + row * stride, left_lanes, left.v);
        _mm512_mask_storeu_ps(y + row * stride + 16, right_lanes, right.v);
      });
    }
  }

  /// To the sums of other parts.
  void add_rows(int64_t end) const {
    for (int64_t row = row_; row < end; ++row) {
      for (int64_t i = 0; i < kPanelOutputs; i += 16) {
        _mm512_store_ps(sums_of_parts(row, i), sum(row, i).v);
      }
    }
  }

  float* sums_of_parts(int64_t row, int64_t i) const {
    const int64_t blocks = (product_.rows + kBlockRows - 1) / kBlockRows;
    std::byte* sums = product_.sums + (panel_ * blocks + first_row_ / kBlockRows) * kSumsBytes;
    return reinterpret_cast<float*>(sums) + row * kPanelOutputs + i;
  }

  template <Activation kActivation, typename Store>
  void each_row(int64_t end, const Store& store) const {
    constexpr int kBits = mantissa_bits(kType);
    const int64_t column = panel_ * kPanelOutputs;
    const F32 left_bias = F32::load(product_.bias + column, All{});
    const F32 right_bias = F32::load(product_.bias + column + 16, All{});
    for (int64_t row = row_; row < end; ++row) {
      store(row, activate<kActivation, kBits>(output(row, 0) + left_bias),
            activate<kActivation, kBits>(output(row, 16) + right_bias));
    }
  }

  F32 output(int64_t row, int64_t i) const {
    if constexpr (kType != TileType::kInt8) return sum(row, i);
    return sum(row, i) * F32::load(product_.weight_scales + panel_ * kPanelOutputs + i, All{});
  }

  /// Of all parts up to this one.
  F32 sum(int64_t row, int64_t i) const {
    const std::byte* sums = sums_ + (row * kPanelOutputs + i) * 4;
    if constexpr (kType != TileType::kInt8) return {_mm512_load_ps(sums)};
    const F32 whole{_mm512_cvtepi32_ps(_mm512_load_si512(sums))};
    const RowRange& range = product_.row_ranges[first_row_ + row];
    const F32 weights = F32::load(product_.weight_sums + panel_ * kPanelOutputs + i, All{});
    const F32 sum = F32::fma(whole, F32::set1(range.scale), F32::set1(range.low) * weights);
    return product_.is_first_part() ? sum : F32::load(sums_of_parts(row, i), All{}) + sum;
  }

  const TileProduct product_;
  int64_t panel_ = 0, first_row_ = 0, row_ = 0, rows_ = 0;
  const std::byte* sums_ = nullptr;
};

/// One block times one panel: what a kernel puts into `sums`, or adds to them.
struct BlockProduct {
  const std::byte* block;
  const std::byte* panel;
  int64_t rows;  // may be more than a block: the rest follows
  int64_t steps;
  bool add;  // never with kInt8
  std::byte* sums;
  const std::byte* ahead;  // a part of the next panel: weights come from far away, so each step
  int64_t lines_ahead;     // asks for this many cache lines of them
};

/// The loops around multiply_block(block_product, finisher). The kernel has to finish the
/// finisher's block before it writes sums.
template <TileType kType, typename MultiplyBlock>
inline void multiply_panels(const TileProduct& product, const MultiplyBlock& multiply_block) {
  alignas(64) std::byte own_sums[2][kSumsBytes];  // the block that is multiplied, the one before
  constexpr int64_t kStep = step_bytes(kType);
  const int64_t blocks = (product.rows + kBlockRows - 1) / kBlockRows;
  const int64_t part_bytes = product.steps * kStep;
  const int64_t steps_of_panel = blocks * product.steps;
  const int64_t lines_ahead =
      blocks > 1 ? (part_bytes / 64 + steps_of_panel - 1) / steps_of_panel : 0;
  // What finishes int8 sums adds those of other parts.
  constexpr bool kAddsParts = kType != TileType::kInt8;
  Finisher<kType> finisher(product);
  for (int64_t panel = product.panel_begin; panel < product.panel_end; ++panel) {
    const std::byte* weights =
        product.weights + (panel * product.panel_steps + product.first_step) * kStep;
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t number = panel * blocks + block;
      std::byte* sums = kAddsParts && product.sums != nullptr ? product.sums + number * kSumsBytes
                                                              : own_sums[number % 2];
      const int64_t row = block * kBlockRows;
      multiply_block(
          BlockProduct{
              product.blocks + block * product.steps * kStep, weights, product.rows - row,
              product.steps, kAddsParts && !product.is_first_part(), sums,
              weights + product.panel_steps * kStep + block * product.steps * lines_ahead * 64,
              lines_ahead},
          finisher);
      if (!kAddsParts || product.is_last_part()) finisher.start(panel, row, sums);
    }
  }
}

}  // namespace
}  // namespace sentence_torch
