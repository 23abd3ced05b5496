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
/// bytes as well. A part is one of the bfloat16 values, the largest first, whose sum
/// stands for a float32 value; else there is one.
enum class TileType {
  kBfloat16,
  /// float32 as the sum of two: 16 bits of mantissa, in three products (the low parts' is left
  /// out).
  kFloat32x2,
  /// float32 as the sum of three: all 24 bits, in six products.
  kFloat32x3,
  /// Rows unsigned with zero point 128 and one scale each; weights signed with one scale an output.
  kInt8,
};

constexpr int64_t kTileRows = 16;
constexpr int64_t kBlockRows = 32;
constexpr int64_t kPanelOutputs = 32;
constexpr int64_t kStepBytes = 64;
constexpr int64_t kTileBytes = kTileRows * kStepBytes;
/// Sums of a block of rows and a panel.
constexpr int64_t kSumsBytes = kBlockRows * kPanelOutputs * 4;

/// Of so many outputs, the last one filled up.
constexpr int64_t panels(int64_t outputs) { return (outputs + kPanelOutputs - 1) / kPanelOutputs; }

constexpr int64_t inputs_per_step(TileType type) { return type == TileType::kInt8 ? 64 : 32; }

constexpr int64_t parts(TileType type) {
  return type == TileType::kFloat32x3 ? 3 : type == TileType::kFloat32x2 ? 2 : 1;
}

/// One part of one step of a block of rows, or of a panel.
constexpr int64_t kPartBytes = 2 * kTileBytes;

constexpr int64_t step_bytes(TileType type) { return parts(type) * kPartBytes; }

/// activation(rows x panels[panel_begin, panel_end) + bias), written to `y` or, as rows of a next
/// product of the same type, to `next`. Whatever belongs to outputs is padded to whole panels.
///
/// A product may be computed in parts along the inputs: `blocks` has `steps` of the `panel_steps`
/// that weights have, from `first_step` on. All parts but the last leave their sums in `sums`.
struct TileProduct {
  const std::byte* blocks;
  int64_t rows;
  int64_t steps;

  const std::byte* weights;  // of panel 0
  int64_t panel_steps;
  int64_t first_step;
  int64_t panel_begin;
  int64_t panel_end;
  std::byte* sums;  // [panel][block of rows], kSumsBytes each; null if there is one part

  int64_t outputs;  // the last panel may have fewer than 32
  const float* bias;
  Activation activation;

  // kInt8 only.
  const float* row_scales;
  const float* weight_scales;
  const int32_t* weight_sums;

  float* y;
  std::byte* next;     // null if y is written; never with kInt8, whose rows need a scale first
  int64_t next_panel;  // whose outputs are the first step of `next`
  int64_t next_steps;
};

/// The kernels of one instruction set and type.
struct TileKernels {
  TileType type;
  /// Converts rows to blocks. What fills up the last tile and step is zero.
  void (*convert)(const float* x, int64_t rows, int64_t inputs, std::byte* blocks,
                  float* row_scales);
  void (*multiply)(const TileProduct& product);
};

}  // namespace sentence_torch
