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
///
/// That holds for few instructions only. So whatever does not change from row to row is found once
/// a block, and copied to locals before rows are stored: for all the compiler knows, a vector that
/// is stored may overwrite any member.
template <TileType kType, Activation kActivation>
class Finisher {
 public:
  explicit Finisher(const TileProduct& product) : product_(product) {}
  ~Finisher() { finish(); }
  Finisher(const Finisher&) = delete;
  Finisher& operator=(const Finisher&) = delete;

  /// The next block. The one before has to be finished.
  void start(int64_t panel, int64_t block, const std::byte* sums) {
    const int64_t first_row = block * kBlockRows;
    const int64_t left = product_.rows - first_row;
    const int64_t target_panel = panel - product_.first_panel;
    row_ = 0;
    rows_ = left < kBlockRows ? left : kBlockRows;
    sums_ = sums;
    left_ = columns(panel * kPanelOutputs);
    right_ = columns(panel * kPanelOutputs + 16);
    if constexpr (kType == TileType::kInt8) {
      ranges_ = product_.row_ranges + first_row;
      if (product_.sums != nullptr) {
        const int64_t blocks = (product_.rows + kBlockRows - 1) / kBlockRows;
        parts_ = reinterpret_cast<float*>(product_.sums + (panel * blocks + block) * kSumsBytes);
      }
    }
    if (product_.next != nullptr) {
      next_ = product_.next + (block * product_.next_steps + target_panel) * step_bytes(kType);
    } else {
      y_ = product_.y + first_row * product_.y_stride + target_panel * kPanelOutputs;
    }
  }

  void advance(int64_t rows) {
    const int64_t end = row_ + rows < rows_ ? row_ + rows : rows_;
    if (row_ >= end) return;
    finish_rows(end);
    row_ = end;
  }

  void finish() { advance(kBlockRows); }

 private:
  /// What belongs to 16 outputs.
  struct Columns {
    F32 bias, weight_scales, weight_sums;
    __mmask16 lanes;
  };

  Columns columns(int64_t output) const {
    Columns columns;
    columns.bias = F32::load(product_.bias + output, All{});
    columns.lanes = first_lanes(product_.outputs - output);
    if constexpr (kType == TileType::kInt8) {
      columns.weight_scales = F32::load(product_.weight_scales + output, All{});
      columns.weight_sums = F32::load(product_.weight_sums + output, All{});
    }
    return columns;
  }

  /// Not inlined: the loop that multiplies tiles is faster when it holds little else.
  [[gnu::noinline]] void finish_rows(int64_t end) const {
    if (kType == TileType::kInt8 && !product_.is_last_part()) {
      float* parts = parts_;
      each_sum(end, [parts](int64_t row, F32 left, F32 right) {
        left.store(parts + row * kPanelOutputs, All{});
        right.store(parts + row * kPanelOutputs + 16, All{});
      });
    } else if (product_.next != nullptr) {
      std::byte* next = next_;
      each_output(end, [next](int64_t row, F32 left, F32 right) {
        store_step<kType>(left.v, right.v, next + row * kStepBytes);
      });
    } else {
      const int64_t stride = product_.y_stride;
      float* y = y_;
      const __mmask16 left_lanes = left_.lanes, right_lanes = right_.lanes;
      each_output(end, [=](int64_t row, F32 left, F32 right) {
        // The next block's row is rarely in the cache. Where a value has several parts, these need
        // the room there.
        if constexpr (parts(kType) == 1) {
          const auto* next_row = reinterpret_cast<const char*>(y + (row + kBlockRows) * stride);
          _mm_prefetch(next_row, _MM_HINT_T0);
          _mm_prefetch(next_row + 64, _MM_HINT_T0);
        }
        _mm512_mask_storeu_ps(y + row * stride, left_lanes, left.v);
        _mm512_mask_storeu_ps(y + row * stride + 16, right_lanes, right.v);
      });
    }
  }

  template <typename Store>
  void each_output(int64_t end, const Store& store) const {
    const Columns left = left_, right = right_;
    each_sum(end, [&](int64_t row, F32 left_sum, F32 right_sum) {
      store(row, output(left_sum, left), output(right_sum, right));
    });
  }

  static F32 output(F32 sum, const Columns& columns) {
    const F32 x = kType == TileType::kInt8 ? F32::fma(sum, columns.weight_scales, columns.bias)
                                           : sum + columns.bias;
    return activate<kActivation, mantissa_bits(kType)>(x);
  }

  /// Of all parts up to this one.
  template <typename Use>
  void each_sum(int64_t end, const Use& use) const {
    const std::byte* sums = sums_;
    if constexpr (kType != TileType::kInt8) {
      for (int64_t row = row_; row < end; ++row) {
        const std::byte* of_row = sums + row * kPanelOutputs * 4;
        use(row, F32{_mm512_load_ps(of_row)}, F32{_mm512_load_ps(of_row + 64)});
      }
    } else {
      const F32 left_weights = left_.weight_sums, right_weights = right_.weight_sums;
      const float* parts = product_.is_first_part() ? nullptr : parts_;
      const RowRange* ranges = ranges_;
      for (int64_t row = row_; row < end; ++row) {
        const std::byte* of_row = sums + row * kPanelOutputs * 4;
        const F32 scale = F32::set1(ranges[row].scale), low = F32::set1(ranges[row].low);
        F32 left = F32::fma(whole(of_row), scale, low * left_weights);
        F32 right = F32::fma(whole(of_row + 64), scale, low * right_weights);
        if (parts != nullptr) {
          left = left + F32::load(parts + row * kPanelOutputs, All{});
          right = right + F32::load(parts + row * kPanelOutputs + 16, All{});
        }
        use(row, left, right);
      }
    }
  }

  static F32 whole(const std::byte* sums) { return {_mm512_cvtepi32_ps(_mm512_load_si512(sums))}; }

  const TileProduct product_;
  int64_t row_ = 0, rows_ = 0;
  const std::byte* sums_ = nullptr;
  Columns left_, right_;
  const RowRange* ranges_ = nullptr;  // kInt8
  float* parts_ = nullptr;            // kInt8, with several parts
  float* y_ = nullptr;
  std::byte* next_ = nullptr;
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
template <TileType kType, Activation kActivation, typename MultiplyBlock>
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
  Finisher<kType, kActivation> finisher(product);
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
      if (!kAddsParts || product.is_last_part()) finisher.start(panel, block, sums);
    }
  }
}

/// multiply_panels() with the activation of the product.
template <TileType kType, typename MultiplyBlock>
void multiply_product(const TileProduct& product, const MultiplyBlock& multiply_block) {
  with_activation(product.activation, [&](auto activation) {
    multiply_panels<kType, decltype(activation)::value>(product, multiply_block);
  });
}

}  // namespace
}  // namespace sentence_torch
