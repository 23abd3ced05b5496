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

/// out[kRows][kVectors vectors] (+)= a[kRows][depth] b[depth][kVectors vectors]: sums stay in
/// registers.
template <typename V, int kRows, int kVectors>
inline void product_block(Strided a, Rows<const float> b, int64_t depth, bool add,
                          Rows<float> out) {
  V sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kVectors; ++c) {
      const float* before = out.row(r) + c * V::kWidth;
      sums[r][c] = add ? V::load(before, All{}) : V::set1(0);
    }
  }
  for (int64_t k = 0; k < depth; ++k) {
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
template <typename V, int kRows, int kVectors>
inline void product_rows(int64_t rows, Strided a, Rows<const float> b, int64_t depth, bool add,
                         Rows<float> out) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return product_rows<V, kRows - 1, kVectors>(rows, a, b, depth, add, out);
  }
  product_block<V, kRows, kVectors>(a, b, depth, add, out);
}

/// out[rows][vectors] (+)= a[rows][depth] b[depth][vectors]. The rows are cut into even pieces, as
/// a short last one would not keep the multipliers busy.
template <typename V>
void product(int64_t rows, int64_t vectors, Strided a, Rows<const float> b, int64_t depth, bool add,
             Rows<float> out) {
  const int64_t pieces = (rows + V::kProductRows - 1) / V::kProductRows;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    const int64_t first = rows * piece / pieces, count = rows * (piece + 1) / pieces - first;
    const Strided some{a.data + first * a.row, a.row, a.column};
    for (int64_t c = 0; c < vectors; c += 2) {
      const Rows<const float> columns{b.data + c * V::kWidth, b.stride};
      const Rows<float> block{out.row(first) + c * V::kWidth, out.stride};
      if (c + 1 < vectors) {
        product_rows<V, V::kProductRows, 2>(count, some, columns, depth, add, block);
      } else {
        product_rows<V, V::kProductRows, 1>(count, some, columns, depth, add, block);
      }
    }
  }
}

}  // namespace
}  // namespace sentence_torch
