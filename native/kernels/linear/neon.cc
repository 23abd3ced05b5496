#include "kernels/simd/neon.h"

#include "kernels/linear/float_kernel.h"
#include "kernels/linear/int8_kernel.h"
#include "kernels/linear/kernels.h"

namespace sentence_torch {
namespace {

/// A vector holds four sums of one output: of each fourth input.
struct Int8Block {
  static constexpr int kRows = 6;
  static constexpr int64_t kOutputs = 4;

  template <int kCount>
  static void multiply(const int16_t* x, int64_t stride, const std::byte* weights, int64_t steps,
                       bool add, int32_t* sums) {
    int32x4_t sum[kCount][kOutputs];
    for (int r = 0; r < kCount; ++r) {
      for (int o = 0; o < kOutputs; ++o) sum[r][o] = vdupq_n_s32(0);
    }
    for (int64_t step = 0; step < steps; ++step, x += kInt8Inputs, weights += 2 * kTileBytes) {
      for (int64_t input = 0; input < kInt8Inputs; input += kInt8Group) {
        const int8x16_t group =
            vld1q_s8(reinterpret_cast<const int8_t*>(weights + input * kTileRows));
        const int16x8_t left = vmovl_s8(vget_low_s8(group));
        const int16x8_t right = vmovl_s8(vget_high_s8(group));
        for (int r = 0; r < kCount; ++r) {
          const int16x4_t values = vld1_s16(x + r * stride + input);
          sum[r][0] = vmlal_s16(sum[r][0], values, vget_low_s16(left));
          sum[r][1] = vmlal_s16(sum[r][1], values, vget_high_s16(left));
          sum[r][2] = vmlal_s16(sum[r][2], values, vget_low_s16(right));
          sum[r][3] = vmlal_s16(sum[r][3], values, vget_high_s16(right));
        }
      }
    }
    for (int r = 0; r < kCount; ++r) {
      int32_t* target = sums + r * kPanelOutputs;
      const int32x4_t all =
          vpaddq_s32(vpaddq_s32(sum[r][0], sum[r][1]), vpaddq_s32(sum[r][2], sum[r][3]));
      vst1q_s32(target, add ? vaddq_s32(all, vld1q_s32(target)) : all);
    }
  }
};

}  // namespace

const FloatMultiply kNeonFloats = multiply_float_panels<F32>;
const TileKernels kNeonInt8 = int8_kernels<F32, Int8Block>;

}  // namespace sentence_torch
