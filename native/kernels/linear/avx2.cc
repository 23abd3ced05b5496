#include "kernels/simd/avx2.h"

#include <cstring>

#include "kernels/linear/float_kernel.h"
#include "kernels/linear/int8_kernel.h"
#include "kernels/linear/kernels.h"

namespace sentence_torch {
namespace {

// As in avx512_tiles.cc: sums that are held as __m256i, a vector of int64 to GCC 12, are copied
// around.
#ifdef __GNUC__
using Int32x8 = __v8si;
#else
using Int32x8 = __m256i;
#endif

/// A vector holds the sums of 4 outputs, two each: of even and of odd pairs of inputs.
struct Int8Block {
  static constexpr int kRows = 6;
  static constexpr int64_t kOutputs = 8;  // of two vectors

  template <int kCount>
  static void multiply(const int16_t* x, int64_t stride, const std::byte* weights, int64_t steps,
                       bool add, int32_t* sums) {
    Int32x8 sum[kCount][2];
    for (int r = 0; r < kCount; ++r) sum[r][0] = sum[r][1] = Int32x8(_mm256_setzero_si256());
    for (int64_t step = 0; step < steps; ++step, x += kInt8Inputs, weights += 2 * kTileBytes) {
      for (int64_t input = 0; input < kInt8Inputs; input += kInt8Group) {
        const std::byte* group = weights + input * kTileRows;
        const __m256i left = widen(group), right = widen(group + 16);
        for (int r = 0; r < kCount; ++r) {
          int64_t four;
          std::memcpy(&four, x + r * stride + input, sizeof four);
          const __m256i values = _mm256_set1_epi64x(four);
          sum[r][0] = add_product(sum[r][0], values, left);
          sum[r][1] = add_product(sum[r][1], values, right);
        }
      }
    }
    for (int r = 0; r < kCount; ++r) {
      auto* target = reinterpret_cast<__m256i*>(sums + r * kPanelOutputs);
      const __m256i pairs =
          _mm256_hadd_epi32(__m256i(sum[r][0]), __m256i(sum[r][1]));  // 0 1 4 5 2 3 6 7
      const __m256i ordered = _mm256_permute4x64_epi64(pairs, 0xd8);
      _mm256_store_si256(target,
                         add ? _mm256_add_epi32(ordered, _mm256_load_si256(target)) : ordered);
    }
  }

 private:
  static Int32x8 add_product(Int32x8 sum, __m256i values, __m256i weights) {
    return Int32x8(_mm256_add_epi32(__m256i(sum), _mm256_madd_epi16(values, weights)));
  }

  /// 4 inputs of 4 outputs.
  static __m256i widen(const std::byte* weights) {
    return _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(weights)));
  }
};

}  // namespace

const FloatMultiply kAvx2Floats = multiply_float_panels<F32>;
const TileKernels kAvx2Int8 = int8_kernels<F32, Int8Block>;

}  // namespace sentence_torch
