#pragma once

// Rows of float32 to blocks (tiles.h), with AVX-512 and its bfloat16 instructions.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "kernels/linear/tiles.h"

namespace sentence_torch {
namespace {

inline __mmask16 first_lanes(int64_t count) {
  if (count >= 16) return 0xffff;
  return count <= 0 ? 0 : static_cast<__mmask16>((1u << count) - 1);
}

/// 16 values from `x` on, zeros beyond `left`. Where `left` is a whole step, which the compiler
/// knows, no mask is made.
inline __m512 load_up_to(const float* x, int64_t left) {
  if (left >= 16) return _mm512_loadu_ps(x);
  return _mm512_maskz_loadu_ps(first_lanes(left), x);
}

/// Calls convert_step(row, source, left, target) for each step of each row. `left` inputs remain,
/// maybe fewer than a step, and none in the rows that fill up the last tile.
template <TileType kType, typename ConvertStep>
inline void for_each_step(const float* x, int64_t rows, int64_t inputs, std::byte* blocks,
                          const ConvertStep& convert_step) {
  constexpr int64_t kInputs = inputs_per_step(kType);
  const int64_t steps = (inputs + kInputs - 1) / kInputs;
  const int64_t padded_rows = (rows + kTileRows - 1) / kTileRows * kTileRows;
  for (int64_t row = 0; row < padded_rows; ++row) {
    const float* source = x + (row < rows ? row : 0) * inputs;
    const int64_t whole_steps = row < rows ? inputs / kInputs : 0;
    std::byte* target =
        blocks + row / kBlockRows * steps * step_bytes(kType) + row % kBlockRows * kStepBytes;
    int64_t step = 0;
    for (; step < whole_steps; ++step) {
      convert_step(row, source + step * kInputs, kInputs, target + step * step_bytes(kType));
    }
    for (; step < steps; ++step) {
      const int64_t left = row < rows ? inputs - step * kInputs : 0;
      convert_step(row, source + step * kInputs, left, target + step * step_bytes(kType));
    }
  }
}

/// What is left of the values when their bfloat16 are taken away: bfloat16 is the upper half of
/// float32.
inline __m512 rest(__m512 values, __m256i bfloat16) {
  const __m512i bits = _mm512_slli_epi32(_mm512_cvtepu16_epi32(bfloat16), 16);
  return _mm512_sub_ps(values, _mm512_castsi512_ps(bits));
}

/// 32 values to one step of a row.
template <TileType kType>
inline void store_step(__m512 a, __m512 b, std::byte* target) {
  for (int64_t part = 0; part < parts(kType); ++part, target += kPartBytes) {
    const auto values = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(b, a));
    _mm512_store_si512(target, values);
    a = rest(a, _mm512_castsi512_si256(values));
    b = rest(b, _mm512_extracti64x4_epi64(values, 1));
  }
}

template <TileType kType>
void convert_floats(const float* x, int64_t rows, int64_t inputs, std::byte* blocks, RowRange*) {
  for_each_step<kType>(
      x, rows, inputs, blocks, [](int64_t, const float* source, int64_t left, std::byte* target) {
        store_step<kType>(load_up_to(source, left), load_up_to(source + 16, left - 16), target);
      });
}

inline RowRange range_of(const float* x, int64_t count) {
  __m512 low = _mm512_set1_ps(x[0]), high = low;
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512 values = _mm512_loadu_ps(x + i);
    low = _mm512_min_ps(low, values);
    high = _mm512_max_ps(high, values);
  }
  const __mmask16 lanes = first_lanes(count - i);
  const __m512 values = _mm512_maskz_loadu_ps(lanes, x + i);
  low = _mm512_mask_min_ps(low, lanes, low, values);
  high = _mm512_mask_max_ps(high, lanes, high, values);
  const float lowest = _mm512_reduce_min_ps(low);
  return {(_mm512_reduce_max_ps(high) - lowest) / 255, lowest};
}

void convert_int8(const float* x, int64_t rows, int64_t inputs, std::byte* blocks,
                  RowRange* ranges) {
  for (int64_t row = 0; row < rows; ++row) ranges[row] = range_of(x + row * inputs, inputs);
  for_each_step<TileType::kInt8>(
      x, rows, inputs, blocks,
      [&](int64_t row, const float* source, int64_t left, std::byte* target) {
        const RowRange range = left > 0 ? ranges[row] : RowRange{};
        const __m512 low = _mm512_set1_ps(range.low);
        const __m512 inverse = _mm512_set1_ps(range.scale > 0 ? 1 / range.scale : 0);
        for (int64_t i = 0; i < kStepBytes; i += 16) {
          const __m512 above = _mm512_sub_ps(load_up_to(source + i, left - i), low);
          const __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(above, inverse));
          // What is beyond `left` meets weights of zero.
          const __m512i positive = _mm512_max_epi32(whole, _mm512_setzero_si512());
          _mm_store_si128(reinterpret_cast<__m128i*>(target + i), _mm512_cvtusepi32_epi8(positive));
        }
      });
}

}  // namespace
}  // namespace sentence_torch
