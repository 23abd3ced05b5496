#pragma once

#include <cstdint>
#include <iterator>
#include <vector>

#include "kernels/aligned_bytes.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {

/// Weights as tile kernels read them (tiles.h).
struct PackedTiles {
  AlignedBytes bytes;
  int64_t steps = 0;
  std::vector<float> scales;  // kInt8: of each output
  std::vector<float> sums;    // kInt8: [all, first part, second part ...][output]

  const float* sums_of(int64_t line) const { return sums.data() + line * std::ssize(scales); }
};

/// `weight` is row-major [outputs, inputs].
PackedTiles pack_tiles(const float* weight, int64_t outputs, int64_t inputs, TileType type);

/// [panel][input][32 outputs]; `round` rounds to bfloat16.
AlignedBytes pack_floats(const float* weight, int64_t outputs, int64_t inputs, bool round);

/// To the nearest bfloat16, ties to even.
float round_to_bfloat16(float value);

}  // namespace sentence_torch
