#pragma once

// The plain float32 product, for any vector type of kernels/simd.

#include <cstdint>

#include "kernels/generic/activation.h"
#include "kernels/generic/product.h"
#include "kernels/linear/floats.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {
namespace {

/// A group of panels and some rows. Sums lie [panel][row][32 outputs], one after the other, for `y`
/// is far away and its rows far apart.
template <typename V>
class FloatGroup {
 public:
  FloatGroup(const FloatProduct& layer, int64_t begin, int64_t end)
      : layer_(layer), begin_(begin), end_(end) {}

  void multiply(int64_t row, int64_t rows) const {
    // Few rows read a panel once or twice: then it may as well be read from end to end.
    if (rows <= 2 * V::kProductRows) {
      for (int64_t panel = begin_; panel < end_; ++panel) {
        multiply_part(panel, row, rows, 0, layer_.inputs, NoneAhead());
      }
    } else {
      multiply_parts(row, rows);
    }
    for (int64_t panel = begin_; panel < end_; ++panel) finish(panel, row, rows);
  }

 private:
  /// The part along the inputs that a panel has near the core meets all the rows before the next
  /// panel comes, which is asked for meanwhile.
  void multiply_parts(int64_t row, int64_t rows) const {
    const int64_t parts = (layer_.inputs + kFloatDepth - 1) / kFloatDepth;
    for (int64_t part = 0; part < parts; ++part) {
      const int64_t k = layer_.inputs * part / parts;
      const int64_t next_k = layer_.inputs * (part + 1) / parts;
      for (int64_t panel = begin_; panel < end_; ++panel) {
        const float* next = panel + 1 < end_   ? weights(panel + 1, k)
                            : part + 1 < parts ? weights(begin_, next_k)
                                               : weights(end_, 0);
        multiply_part(panel, row, rows, k, next_k, Ahead(next, (next_k - k) * kPanelOutputs));
      }
    }
  }

  template <typename WhatAhead>
  void multiply_part(int64_t panel, int64_t row, int64_t rows, int64_t k, int64_t next_k,
                     WhatAhead ahead) const {
    const Rows<const float> x{layer_.x + row * layer_.inputs + k, layer_.inputs};
    product<V>(rows, kPanelOutputs / V::kWidth, x,
               FixedRows<const float, kPanelOutputs>{weights(panel, k)}, next_k - k, k > 0,
               FixedRows<float, kPanelOutputs>{sums(panel, rows)}, ahead);
  }

  const float* weights(int64_t panel, int64_t k) const {
    return layer_.weights + (panel * layer_.inputs + k) * kPanelOutputs;
  }

  float* sums(int64_t panel, int64_t rows) const {
    return layer_.sums + (panel - begin_) * rows * kPanelOutputs;
  }

  void finish(int64_t panel, int64_t row, int64_t rows) const {
    const int64_t output = panel * kPanelOutputs, left = layer_.outputs - output;
    bias_activation<V>(sums(panel, rows), kPanelOutputs, layer_.bias + output, layer_.activation,
                       rows, left < kPanelOutputs ? left : kPanelOutputs,
                       layer_.y + row * layer_.outputs + output, layer_.outputs);
  }

  const FloatProduct& layer_;
  const int64_t begin_, end_;  // panels
};

template <typename V>
void multiply_float_panels(const FloatProduct& layer) {
  const int64_t pieces = (layer.rows + kFloatRows - 1) / kFloatRows;
  for (int64_t panel = layer.panel_begin; panel < layer.panel_end; panel += kFloatPanels) {
    const int64_t left = layer.panel_end - panel;
    const FloatGroup<V> group(layer, panel, panel + (left < kFloatPanels ? left : kFloatPanels));
    for (int64_t piece = 0; piece < pieces; ++piece) {
      const int64_t row = layer.rows * piece / pieces;
      group.multiply(row, layer.rows * (piece + 1) / pieces - row);
    }
  }
}

}  // namespace
}  // namespace sentence_torch
