#pragma once

#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// A matrix whose element (r, k) is data[r * row + k * column].
struct Strided {
  const float* data;
  int64_t row, column;
};

/// Rows that lie `stride` apart.
template <typename T>
struct Rows {
  T* data;
  int64_t stride;

  T* row(int64_t i) const { return data + i * stride; }
};

/// Nothing that a later product reads is far away.
struct NoneAhead {
  NoneAhead part(int64_t, int64_t, int64_t) const { return {}; }
  template <typename V>
  void ask(int64_t) const {}
};

/// What a later product reads from far away: asked for while this one is computed, evenly, as the
/// CPU can't wait for many lines at once.
class Ahead {
 public:
  Ahead(const float* data, int64_t count) : data_(data), count_(count) {}
  /// What one of `parts`, which has `steps`, asks for.
  Ahead part(int64_t number, int64_t parts, int64_t steps) const {
    Ahead ahead(data_ + count_ * number / parts, 0);
    ahead.per_step_ = (count_ + parts * steps - 1) / (parts * steps);
    return ahead;
  }
  template <typename V>
  void ask(int64_t step) const {
    V::prefetch(data_ + step * per_step_);
  }

 private:
  const float* data_;
  int64_t count_;
  int64_t per_step_ = 0;
};

/// out[kRows][kVectors vectors] (+)= a[kRows][depth] b[depth][kVectors vectors]: sums stay in
/// registers.
template <typename V, int kRows, int kVectors, typename WhatAhead>
inline void product_block(Strided a, Rows<const float> b, int64_t depth, bool add, Rows<float> out,
                          WhatAhead ahead) {
  V sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kVectors; ++c) {
      const float* before = out.row(r) + c * V::kWidth;
      sums[r][c] = add ? V::load(before, All{}) : V::set1(0);
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
    ahead.template ask<V>(k);
    V columns[kVectors];
    for (int c = 0; c < kVectors; ++c) {
      columns[c] = V::load(b.row(k) + c * V::kWidth, All{});
    }
    for (int r = 0; r < kRows; ++r) {
      const V x = V::set1(a.data[r * a.row + k * a.column]);
      for (int c = 0; c < kVectors; ++c) sums[r][c] = V::fma(x, columns[c], sums[r][c]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kVectors; ++c) {
      sums[r][c].store(out.row(r) + c * V::kWidth, All{});
    }
  }
}

/// product_block() for a number of rows that is known at run time only, at most kRows.
template <typename V, int kRows, int kVectors, typename WhatAhead>
inline void product_rows(int64_t rows, Strided a, Rows<const float> b, int64_t depth, bool add,
                         Rows<float> out, WhatAhead ahead) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return product_rows<V, kRows - 1, kVectors>(rows, a, b, depth, add, out, ahead);
    }
  }
  product_block<V, kRows, kVectors>(a, b, depth, add, out, ahead);
}

/// out[rows][vectors] (+)= a[rows][depth] b[depth][vectors]. The rows are cut into even pieces, as
/// a short last one would not keep the multipliers busy.
template <typename V, typename WhatAhead = NoneAhead>
void product(int64_t rows, int64_t vectors, Strided a, Rows<const float> b, int64_t depth, bool add,
             Rows<float> out, WhatAhead ahead = {}) {
  const int64_t pieces = (rows + V::kProductRows - 1) / V::kProductRows;
  const int64_t pairs = (vectors + 1) / 2;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    const int64_t first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
    const Strided some{a.data + first * a.row, a.row, a.column};
    for (int64_t c = 0; c < vectors; c += 2) {
      const Rows<const float> columns{b.data + c * V::kWidth, b.stride};
      const Rows<float> block{out.row(first) + c * V::kWidth, out.stride};
      const auto part = ahead.part(piece * pairs + c / 2, pieces * pairs, depth);
      if (c + 1 < vectors) {
        product_rows<V, V::kProductRows, 2>(count, some, columns, depth, add, block, part);
      } else {
        product_rows<V, V::kProductRows, 1>(count, some, columns, depth, add, block, part);
      }
    }
  }
}

}  // namespace
}  // namespace sentence_torch
