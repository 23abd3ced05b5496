#pragma once

#include "kernels/generic/norm.h"

namespace sentence_torch {
namespace {

/// The sum of `rows` vectors, `size` apart. Sixteen are added before they meet the total, which
/// keeps the rounding of long texts small.
template <typename V, typename Lanes>
inline V sum_rows(const float* x, int64_t rows, int64_t size, Lanes lanes) {
  V sum = V::set1(0);
  for (int64_t begin = 0; begin < rows; begin += 16) {
    const int64_t end = begin + 16 < rows ? begin + 16 : rows;
    V part = V::set1(0);
    for (int64_t r = begin; r < end; ++r) part = part + V::load(x + r * size, lanes);
    sum = sum + part;
  }
  return sum;
}

template <typename V>
void mean_pool(const float* x, const int32_t* offsets, int64_t texts, int64_t size, float* y) {
  for (int64_t t = 0; t < texts; ++t, y += size) {
    const float* first = x + offsets[t] * size;
    const int64_t rows = offsets[t + 1] - offsets[t];
    const V share = V::set1(rows == 0 ? 0 : 1 / static_cast<float>(rows));
    for_vectors<V>(size, [&](int64_t c, auto lanes, int) {
      (sum_rows<V>(first + c, rows, size, lanes) * share).store(y + c, lanes);
    });
  }
}

template <typename V>
void l2_normalize(float* x, int64_t rows, int64_t size, float epsilon) {
  for (int64_t r = 0; r < rows; ++r, x += size) {
    V squares[4] = {V::set1(0), V::set1(0), V::set1(0), V::set1(0)};
    for_vectors<V>(size, [&](int64_t c, auto lanes, int k) {
      const V v = V::load(x + c, lanes);
      squares[k] = V::fma(v, v, squares[k]);
    });
    const V norm = V::max(V::set1(epsilon), V::set1(total(squares)).sqrt());
    for_vectors<V>(size, [&](int64_t c, auto lanes, int) {
      (V::load(x + c, lanes) / norm).store(x + c, lanes);
    });
  }
}

}  // namespace
}  // namespace sentence_torch
