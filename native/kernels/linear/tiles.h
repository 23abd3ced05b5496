#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/linear.h"

namespace sentence_torch {

/// Matrix products on tiles: blocks of 32 rows times panels of 32 outputs, in steps along the
/// inputs.
///
/// A step is 64 bytes of a row: 32 bfloat16 or 64 int8 values. Both operands lie in the order in
/// which they are read:
///   rows     [block of 32 rows][step][part][tile of 16 rows][row][64 bytes]
///   weights  [panel of 32 outputs][step][part][tile of 16 outputs][4 bytes of a row][output][4
///   bytes]
/// This is the order of AMX tiles, and it suits the AVX-512 instructions that multiply groups of 4
/// bytes as well. A part is one of the bfloat16 values whose sum stands for a float32 value
/// (kSplit); else there is one.
enum class TileType {
  kBfloat16,
  /// float32 as high + low bfloat16; the product of two low parts is left out. 16 bits of mantissa.
  kSplit,
  /// Rows unsigned with zero point 128 and one scale each; weights signed with one scale an output.
  kInt8,
};

constexpr int64_t kTileRows = 16;
constexpr int64_t kBlockRows = 32;
constexpr int64_t kPanelOutputs = 32;
constexpr int64_t kStepBytes = 64;
constexpr int64_t kTileBytes = kTileRows * kStepBytes;
/// Rows of one product at most: their sums fit the stack.
constexpr int64_t kMaxProductRows = 512;

constexpr int64_t inputs_per_step(TileType type) { return type == TileType::kInt8 ? 64 : 32; }

/// Bytes of one step of a block of rows, or of a panel.
constexpr int64_t step_bytes(TileType type) {
  return (type == TileType::kSplit ? 2 : 1) * 2 * kTileBytes;
}

/// From the high part of a step to its low part.
constexpr int64_t kLowPart = 2 * kTileBytes;

/// activation(rows x panels[panel_begin, panel_end) + bias), written to `y` or, as rows of a next
/// product of the same type, to `next`. Whatever belongs to outputs is padded to whole panels.
struct TileProduct {
  const std::byte* blocks;
  int64_t rows;
  const std::byte* weights;  // of panel 0
  int64_t steps;
  int64_t panel_begin;
  int64_t panel_end;
  int64_t outputs;  // the last panel may have fewer than 32
  const float* bias;
  Activation activation;

  // kInt8 only.
  const float* row_scales;
  const float* weight_scales;
  const int32_t* weight_sums;

  float* y;
  int64_t y_stride;
  std::byte* next;  // null if y is written; never with kInt8, whose rows need a scale first
  int64_t next_steps;
};

/// The kernels of one instruction set and type.
struct TileKernels {
  TileType type;
  /// Converts rows to blocks. What fills up the last tile and step is zero.
  void (*convert)(const float* x, int64_t x_stride, int64_t rows, int64_t inputs, std::byte* blocks,
                  float* row_scales);
  void (*multiply)(const TileProduct& product);
};

}  // namespace sentence_torch
