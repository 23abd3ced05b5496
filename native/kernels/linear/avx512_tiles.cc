#include <immintrin.h>

#include <cstring>

#include "kernels/linear/finish.h"
#include "kernels/linear/kernels.h"
#include "kernels/simd/each.h"

namespace sentence_torch {
namespace {

// As many rows as keep 2 x 12 sums, two vectors of weights and one of activations in the 32
// registers.
constexpr int kRegisterRows = 12;

struct Bfloat16 {
  /// Weights are asked for so many bytes before they are multiplied.
  static constexpr int64_t kBytesAhead = 8192;
  using Sum = __m512;
  static Sum load(const std::byte* source) { return _mm512_load_ps(source); }
  static void store(std::byte* target, Sum sum) { _mm512_store_ps(target, sum); }
  static Sum zero() { return _mm512_setzero_ps(); }
  static Sum add_product(Sum sum, int32_t row, __m512i weights) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(_mm512_set1_epi32(row)),
                            reinterpret_cast<__m512bh>(weights));
  }
};

// GCC 12 knows the product as a vector of int32, and __m512i as one of int64: sums that are held as
// __m512i go to the stack after each product, which takes twice the time.
#ifdef __GNUC__
using Int32x16 = __v16si;
#else
using Int32x16 = __m512i;
#endif

struct Int8 {
  static constexpr int64_t kBytesAhead = 0;  // little to gain: half as many bytes
  using Sum = Int32x16;
  static Sum load(const std::byte* source) { return Sum(_mm512_load_si512(source)); }
  static void store(std::byte* target, Sum sum) { _mm512_store_si512(target, __m512i(sum)); }
  static Sum zero() { return Sum(_mm512_setzero_si512()); }
  static Sum add_product(Sum sum, int32_t row, __m512i weights) {
    return Sum(_mm512_dpbusd_epi32(__m512i(sum), _mm512_set1_epi32(row), weights));
  }
};

template <int64_t kBytesAhead>
void ask_ahead(const std::byte* weights) {
  if constexpr (kBytesAhead > 0) {
    const auto* ahead = reinterpret_cast<const char*>(weights + kBytesAhead);
    _mm_prefetch(ahead, _MM_HINT_T0);
    _mm_prefetch(ahead + kTileBytes, _MM_HINT_T0);
  }
}

/// sums (+)= kRows rows x panel. `rows` points at the first row within its tile.
template <typename Arithmetic, int kRows>
void multiply_rows(const std::byte* rows, const std::byte* panel, int64_t steps, bool add,
                   std::byte* sums) {
  typename Arithmetic::Sum sum[kRows][2];
  each<kRows, 2>([&](auto i, auto half) {
    const std::byte* before = sums + i * kPanelOutputs * 4 + half * 64;
    sum[i][half] = add ? Arithmetic::load(before) : Arithmetic::zero();
  });
  for (int64_t step = 0; step < steps; ++step, rows += 2 * kTileBytes, panel += 2 * kTileBytes) {
    for (int64_t group = 0; group < 16; ++group) {
      ask_ahead<Arithmetic::kBytesAhead>(panel + group * 64);
      const __m512i left = _mm512_load_si512(panel + group * 64);
      const __m512i right = _mm512_load_si512(panel + kTileBytes + group * 64);
      each<kRows>([&](auto i) {
        int32_t row;
        std::memcpy(&row, rows + i * kStepBytes + group * 4, 4);
        sum[i][0] = Arithmetic::add_product(sum[i][0], row, left);
        sum[i][1] = Arithmetic::add_product(sum[i][1], row, right);
      });
    }
  }
  each<kRows, 2>([&](auto i, auto half) {
    Arithmetic::store(sums + i * kPanelOutputs * 4 + half * 64, sum[i][half]);
  });
}

template <typename Arithmetic, int kRows = kRegisterRows>
void multiply_up_to(int64_t count, const std::byte* rows, const BlockProduct& product,
                    std::byte* sums) {
  if constexpr (kRows > 0) {
    if (count >= kRows) {
      multiply_rows<Arithmetic, kRows>(rows, product.panel, product.steps, product.add, sums);
    } else {
      multiply_up_to<Arithmetic, kRows - 1>(count, rows, product, sums);
    }
  }
}

template <TileType kType, typename Arithmetic>
void multiply(const TileProduct& product) {
  multiply_product<kType>(product, [](const BlockProduct& block, auto& finisher) {
    finisher.finish();
    const int64_t rows = block.rows < kBlockRows ? block.rows : kBlockRows;
    for (int64_t row = 0; row < rows; row += kRegisterRows) {
      multiply_up_to<Arithmetic>(rows - row, block.block + row * kStepBytes, block,
                                 block.sums + row * kPanelOutputs * 4);
    }
  });
}

}  // namespace

const TileKernels kAvx512Bfloat16{TileType::kBfloat16, convert_floats<TileType::kBfloat16>,
                                  multiply<TileType::kBfloat16, Bfloat16>};
const TileKernels kAvx512Int8{TileType::kInt8, convert_int8, multiply<TileType::kInt8, Int8>};

}  // namespace sentence_torch
