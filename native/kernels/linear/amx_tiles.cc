#include <immintrin.h>

#include "kernels/linear/finish.h"
#include "kernels/linear/kernels.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {
namespace {

/// What _tile_loadconfig reads: eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

/// The tile registers of this thread. Given back at the end: what the system saves at each switch
/// stays small.
class TileRegisters {
 public:
  TileRegisters() {
    const TileConfig config;
    _tile_loadconfig(&config);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
};

// Tiles 0 to 3 hold sums: 0 1 of the upper 16 rows, 2 3 of the lower ones. Tiles 4 and 5 hold rows,
// 6 and 7 weights. The intrinsics take literals only, and a template argument is none in every
// compiler: hence the repetition.

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

/// sums = block x panel, and meanwhile the rows of the finisher's block.
template <TileType kType, bool kTwoRowTiles>
void multiply_block(const BlockProduct& product, Finisher<kType>& finisher) {
  constexpr int64_t kStep = step_bytes(kType);
  const std::byte* rows = product.block;
  const std::byte* panel = product.panel;
  const int64_t finished_a_step = (kBlockRows + product.steps - 1) / product.steps;
  zero_sums<kTwoRowTiles>();
  for (int64_t step = 0; step < product.steps; ++step, rows += kStep, panel += kStep) {
    load_rows<kTwoRowTiles>(rows);
    if constexpr (kType == TileType::kSplit) {
      load_weights(panel + kLowPart);
      multiply_tiles<kType, kTwoRowTiles>();  // high x low
      load_weights(panel);
      multiply_tiles<kType, kTwoRowTiles>();  // high x high
      load_rows<kTwoRowTiles>(rows + kLowPart);
      multiply_tiles<kType, kTwoRowTiles>();  // low x high
    } else {
      load_weights(panel);
      multiply_tiles<kType, kTwoRowTiles>();
    }
    finisher.advance(finished_a_step);
  }
  finisher.finish();
  store_sums<kTwoRowTiles>(product.sums);
}

template <TileType kType>
void multiply(const TileProduct& product) {
  const TileRegisters registers;
  multiply_panels<kType>(product, [](const BlockProduct& block, Finisher<kType>& finisher) {
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
const TileKernels kAmxSplit{TileType::kSplit, convert_floats<TileType::kSplit>,
                            multiply<TileType::kSplit>};
const TileKernels kAmxInt8{TileType::kInt8, convert_int8, multiply<TileType::kInt8>};

}  // namespace sentence_torch
