#pragma once

#include <immintrin.h>

#include <cstdint>

namespace sentence_torch {
namespace {

/// The tile registers of this thread, all of 16 rows of 64 bytes, while it lives. Given back at the
/// end: what the system saves at each switch of threads stays small.
class TileRegisters {
 public:
  TileRegisters() {
    struct alignas(64) {  // what _tile_loadconfig reads
      uint8_t palette = 1, start_row = 0, reserved[14] = {};
      uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config;
    _tile_loadconfig(&config);
  }
  ~TileRegisters() { _tile_release(); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
};

}  // namespace
}  // namespace sentence_torch
