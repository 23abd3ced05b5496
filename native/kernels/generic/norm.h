#pragma once

#include "kernels/rows.h"
#include "kernels/simd/vector_math.h"

namespace sentence_torch {
namespace {

/// The sum of four chains.
template <typename V>
inline float total(const V (&sums)[4]) {
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum();
}

/// y = norm(values), one row: values(column, lanes) gives a vector of it. Mean first, then the
/// variance around it: three passes, but only the first leaves the first-level cache.
template <typename V, typename Values>
inline void norm_row(const Values& values, const NormParameters& norm, float* y) {
  V sums[4] = {V::set1(0), V::set1(0), V::set1(0), V::set1(0)};
  for_vectors<V>(norm.size, [&](int64_t c, auto lanes, int k) {
    const V x = values(c, lanes);
    x.store(y + c, lanes);
    sums[k] = sums[k] + x;
  });
  const float size = static_cast<float>(norm.size);
  const V mean = V::set1(total(sums) / size);

  V squares[4] = {V::set1(0), V::set1(0), V::set1(0), V::set1(0)};
  for_vectors<V>(norm.size, [&](int64_t c, auto lanes, int k) {
    const V d = (V::load(y + c, lanes) - mean).only(lanes);
    squares[k] = V::fma(d, d, squares[k]);
  });
  const V variance = V::set1(total(squares) / size);
  const V scale = V::set1(1) / (variance + V::set1(norm.epsilon)).sqrt();

  for_vectors<V>(norm.size, [&](int64_t c, auto lanes, int) {
    V x = (V::load(y + c, lanes) - mean) * scale;
    if (norm.weight != nullptr) x = x * V::load(norm.weight + c, lanes);
    if (norm.bias != nullptr) x = x + V::load(norm.bias + c, lanes);
    x.store(y + c, lanes);
  });
}

template <typename V>
void add_norm(const float* x, const float* residual, int64_t rows, const NormParameters& norm,
              float* y) {
  for (int64_t r = 0; r < rows; ++r, x += norm.size, y += norm.size) {
    if (residual == nullptr) {
      norm_row<V>([x](int64_t c, auto lanes) { return V::load(x + c, lanes); }, norm, y);
      continue;
    }
    const auto sum = [x, residual](int64_t c, auto lanes) {
      return V::load(x + c, lanes) + V::load(residual + c, lanes);
    };
    norm_row<V>(sum, norm, y);
    residual += norm.size;
  }
}

template <typename V>
void embed(const EmbeddingTables& tables, const int32_t* ids, const int32_t* position_ids,
           int64_t tokens, float* y) {
  const int64_t size = tables.norm.size;
  for (int64_t t = 0; t < tokens; ++t, y += size) {
    const float* word = tables.words + ids[t] * size;
    const float* position =
        tables.positions == nullptr ? nullptr : tables.positions + position_ids[t] * size;
    const auto sum = [&](int64_t c, auto lanes) {
      V x = V::load(word + c, lanes);
      if (position != nullptr) x = x + V::load(position + c, lanes);
      if (tables.constant != nullptr) x = x + V::load(tables.constant + c, lanes);
      return x;
    };
    norm_row<V>(sum, tables.norm, y);
  }
}

}  // namespace
}  // namespace sentence_torch
