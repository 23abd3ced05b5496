#include <immintrin.h>

#include "kernels/linear/finish.h"
#include "kernels/linear/kernels.h"
#include "kernels/linear/tiles.h"
#include "kernels/tile_registers_amx.h"

namespace sentence_torch {
namespace {

// Tiles 0 to 3 hold sums: 0 1 of the upper 16 rows, 2 3 of the lower ones. Tiles 4 and 5 hold rows,
// 6 and 7 weights. The intrinsics take literals only, and a template argument is none in every
// compiler: hence the repetition.

template <bool kTwoRowTiles>
void load_sums(const std::byte* sums) {
  _tile_loadd(0, sums, 128);
  _tile_loadd(1, sums + 64, 128);
  if constexpr (kTwoRowTiles) {
    _tile_loadd(2, sums + 2048, 128);
    _tile_loadd(3, sums + 2048 + 64, 128);
  }
}

template <bool kTwoRowTiles>
void store_sums(std::byte* sums) {
  _tile_stored(0, sums, 128);
  _tile_stored(1, sums + 64, 128);
  if constexpr (kTwoRowTiles) {
    _tile_stored(2, sums + 2048, 128);
    _tile_stored(3, sums + 2048 + 64, 128);
  }
}

template <bool kTwoRowTiles>
void zero_sums() {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kTwoRowTiles) {
    _tile_zero(2);
    _tile_zero(3);
  }
}

template <bool kTwoRowTiles>
void load_rows(const std::byte* tiles) {
  _tile_loadd(4, tiles, 64);
  if constexpr (kTwoRowTiles) _tile_loadd(5, tiles + kTileBytes, 64);
}

void load_weights(const std::byte* tiles) {
  _tile_loadd(6, tiles, 64);
  _tile_loadd(7, tiles + kTileBytes, 64);
}

template <TileType kType, bool kTwoRowTiles>
void multiply_tiles() {
  if constexpr (kType == TileType::kInt8) {
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    if constexpr (kTwoRowTiles) {
      _tile_dpbusd(2, 5, 6);
      _tile_dpbusd(3, 5, 7);
    }
  } else {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if constexpr (kTwoRowTiles) {
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
  }
}

/// The products of one step. Where values are sums of parts, those that matter in 16 or 24 bits,
/// in an order that loads as few tiles as possible.
template <TileType kType, bool kTwoRowTiles>
void multiply_step(const std::byte* rows, const std::byte* panel) {
  const auto multiply = multiply_tiles<kType, kTwoRowTiles>;
  const auto load_part = [=](int64_t part) { load_rows<kTwoRowTiles>(rows + part * kPartBytes); };
  const auto load_weight = [=](int64_t part) { load_weights(panel + part * kPartBytes); };
  load_part(0);
  if constexpr (kType == TileType::kFloat32x3) {
    load_weight(2);
    multiply();  // high x low
    load_weight(1);
    multiply();  // high x middle
    load_part(1);
    multiply();  // middle x middle
    load_weight(0);
    multiply();  // middle x high
    load_part(2);
    multiply();  // low x high
    load_part(0);
  } else if constexpr (kType == TileType::kFloat32x2) {
    load_weight(1);
    multiply();  // high x low
    load_weight(0);
    multiply();    // high x high
    load_part(1);  // low x high, below
  } else {
    load_weight(0);
  }
  multiply();  // high x high
}

/// sums (+)= block x panel, and meanwhile the rows of the finisher's block.
template <TileType kType, bool kTwoRowTiles, typename Finisher>
void multiply_block(const BlockProduct& product, Finisher& finisher) {
  constexpr int64_t kStep = step_bytes(kType);
  const std::byte* rows = product.block;
  const std::byte* panel = product.panel;
  const auto* ahead = reinterpret_cast<const char*>(product.ahead);
  const int64_t finished_a_step = (kBlockRows + product.steps - 1) / product.steps;
  product.add ? load_sums<kTwoRowTiles>(product.sums) : zero_sums<kTwoRowTiles>();
  for (int64_t step = 0; step < product.steps; ++step, rows += kStep, panel += kStep) {
    multiply_step<kType, kTwoRowTiles>(rows, panel);
    for (int64_t line = 0; line < product.lines_ahead; ++line, ahead += 64) {
      _mm_prefetch(ahead, _MM_HINT_T1);
    }
    finisher.advance(finished_a_step);
  }
  finisher.finish();
  store_sums<kTwoRowTiles>(product.sums);
}

template <TileType kType>
void multiply(const TileProduct& product) {
  const TileRegisters registers;
  multiply_product<kType>(product, [](const BlockProduct& block, auto& finisher) {
    if (block.rows > kTileRows) {
      multiply_block<kType, true>(block, finisher);
    } else {
      multiply_block<kType, false>(block, finisher);
    }
  });
}

}  // namespace

const TileKernels kAmxBfloat16{TileType::kBfloat16, convert_floats<TileType::kBfloat16>,
                               multiply<TileType::kBfloat16>};
const TileKernels kAmxFloat32x2{TileType::kFloat32x2, convert_floats<TileType::kFloat32x2>,
                                multiply<TileType::kFloat32x2>};
const TileKernels kAmxFloat32x3{TileType::kFloat32x3, convert_floats<TileType::kFloat32x3>,
                                multiply<TileType::kFloat32x3>};
const TileKernels kAmxInt8{TileType::kInt8, convert_int8, multiply<TileType::kInt8>};

}  // namespace sentence_torch
