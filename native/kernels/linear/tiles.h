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
  /// Rows unsigned, with a range for each row or part of a row; weights signed, with one scale an
  /// output.
  kInt8,
};

/// How a row's values became 0 to 255: value = low + scale x byte. Not around zero: what comes out
/// of a GELU, and the few large values that most models have, would waste half of the bytes.
struct RowRange {
  float scale;
  float low;
};

/// Parts of an int8 product have so many steps, the last one maybe fewer. It must not follow the
/// number of rows, or else a text's embedding would follow the texts beside it.
constexpr int64_t kInt8PartSteps = 8;

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

/// Bits of mantissa that are left of a float32 value.
constexpr int mantissa_bits(TileType type) {
  return type == TileType::kInt8 ? 8 : 8 * static_cast<int>(parts(type));
}

/// One part of one step of a block of rows, or of a panel.
constexpr int64_t kPartBytes = 2 * kTileBytes;

constexpr int64_t step_bytes(TileType type) { return parts(type) * kPartBytes; }

/// activation(rows x panels[panel_begin, panel_end) + bias), written to `y` or, as rows of a next
/// product of the same type, to `next`. Whatever belongs to outputs is padded to whole panels.
///
/// A product may be computed in parts along the inputs: `blocks` has `steps` of the `panel_steps`
/// that weights have, from `first_step` on. All parts but the last leave their sums in `sums`:
/// float32, and for int8 with the ranges of rows, which each part has of its own, applied.
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
  const RowRange* row_ranges;
  const float* weight_scales;
  const float* weight_sums;  // each output's, of these steps

  int64_t first_panel;  // whose outputs come first in `y` or `next`
  float* y;
  int64_t y_stride;
  std::byte* next;  // null if y is written; never with kInt8, whose rows need a scale first
  int64_t next_steps;

  bool is_first_part() const { return first_step == 0; }
  bool is_last_part() const { return first_step + steps == panel_steps; }
};

/// The kernels of one instruction set and type.
struct TileKernels {
  TileType type;
  /// Converts rows to blocks. What fills up the last tile and step is zero.
  void (*convert)(const float* x, int64_t rows, int64_t inputs, std::byte* blocks,
                  RowRange* row_ranges);
  void (*multiply)(const TileProduct& product);
  /// Rows take so many times the bytes of tiles: 2 where int8 values are kept as int16.
  int64_t widening = 1;

  /// Of a step of a block of rows.
  constexpr int64_t block_step_bytes() const { return widening * step_bytes(type); }
};

}  // namespace sentence_torch
