#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sentence_torch {

/// How one output's weights become int8, and back.
struct Int8Scale {
  float scale = 0;    // weight = int8 x scale
  float inverse = 0;  // int8 = weight x inverse, rounded

  /// Whether weights that were made of int8 become the same int8 with the same scale: a product
  /// with `scale` is off by less than what a division by 127 rounds away, unless it is subnormal.
  bool is_repeatable() const { return std::isnormal(scale) || (scale == 0 && inverse == 0); }
};

inline Int8Scale int8_scale(const float* weights, int64_t count) {
  float largest = 0;
  for (int64_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(weights[i]));
  return {largest / 127, largest > 0 ? 127 / largest : 0};
}

inline int8_t to_int8(float weight, const Int8Scale& scale) {
  return static_cast<int8_t>(std::lrint(weight * scale.inverse));
}

}  // namespace sentence_torch
