#pragma once

#include "kernels/simd/each.h"
#include "kernels/simd/lanes.h"

namespace sentence_torch {
namespace {

/// A matrix whose rows lie `stride` apart.
template <typename T>
struct Rows {
  T* data;
  int64_t stride;

  T* row(int64_t i) const { return data + i * stride; }
  T at(int64_t r, int64_t c) const { return data[r * stride + c]; }
  Rows from_row(int64_t i) const { return {row(i), stride}; }
  Rows from_column(int64_t i) const { return {data + i, stride}; }
};

/// Rows that lie kStride apart, which spares a product to work out where each of them is.
template <typename T, int64_t kStride>
struct FixedRows {
  T* data;

  T* row(int64_t i) const { return data + i * kStride; }
  T at(int64_t r, int64_t c) const { return data[r * kStride + c]; }
  FixedRows from_row(int64_t i) const { return {row(i)}; }
  FixedRows from_column(int64_t i) const { return {data + i}; }
};

/// A matrix by its columns.
template <typename Matrix>
struct Transposed {
  Matrix columns;

  auto at(int64_t r, int64_t c) const { return columns.at(c, r); }
  Transposed from_row(int64_t i) const { return {columns.from_column(i)}; }
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
template <typename V, int kRows, int kVectors, typename A, typename B, typename Out,
          typename WhatAhead>
inline void product_block(A a, B b, int64_t depth, bool add, Out out, WhatAhead ahead) {
  V sums[kRows][kVectors];
  each<kRows, kVectors>([&](auto r, auto c) {
    const float* before = out.row(r) + c * V::kWidth;
    sums[r][c] = add ? V::load(before, All{}) : V::set1(0);
  });
  for (int64_t k = 0; k < depth; ++k) {
    ahead.template ask<V>(k);
    V columns[kVectors];
    each<kVectors>([&](auto c) { columns[c] = V::load(b.row(k) + c * V::kWidth, All{}); });
    each<kRows>([&](auto r) {
      const V x = V::set1(a.at(r, k));
      each<kVectors>([&](auto c) { sums[r][c] = V::fma(x, columns[c], sums[r][c]); });
    });
  }
  each<kRows, kVectors>(
      [&](auto r, auto c) { sums[r][c].store(out.row(r) + c * V::kWidth, All{}); });
}

/// product_block() for a number of rows that is known at run time only, at most kRows.
template <typename V, int kRows, int kVectors, typename A, typename B, typename Out,
          typename WhatAhead>
inline void product_rows(int64_t rows, A a, B b, int64_t depth, bool add, Out out,
                         WhatAhead ahead) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return product_rows<V, kRows - 1, kVectors>(rows, a, b, depth, add, out, ahead);
    }
  }
  product_block<V, kRows, kVectors>(a, b, depth, add, out, ahead);
}

/// out[rows][vectors] (+)= a[rows][depth] b[depth][vectors]. The rows are cut into even pieces, as
/// a short last one would not keep the multipliers busy. Never inlined: its callers would get so
/// large that the compiler inlined nothing else into them.
template <typename V, typename A, typename B, typename Out, typename WhatAhead = NoneAhead>
[[gnu::noinline]] void product(int64_t rows, int64_t vectors, A a, B b, int64_t depth, bool add,
                               Out out, WhatAhead ahead = {}) {
  const int64_t pieces = (rows + V::kProductRows - 1) / V::kProductRows;
  const int64_t pairs = (vectors + 1) / 2;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    const int64_t first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
    for (int64_t c = 0; c < vectors; c += 2) {
      const auto columns = b.from_column(c * V::kWidth);
      const auto block = out.from_row(first).from_column(c * V::kWidth);
      const auto part = ahead.part(piece * pairs + c / 2, pieces * pairs, depth);
      if (c + 1 < vectors) {
        product_rows<V, V::kProductRows, 2>(count, a.from_row(first), columns, depth, add, block,
                                            part);
      } else {
        product_rows<V, V::kProductRows, 1>(count, a.from_row(first), columns, depth, add, block,
                                            part);
      }
    }
  }
}

}  // namespace
}  // namespace sentence_torch
