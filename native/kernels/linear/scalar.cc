#include "kernels/simd/scalar.h"

#include "kernels/linear/float_kernel.h"
#include "kernels/linear/int8_kernel.h"
#include "kernels/linear/kernels.h"

namespace sentence_torch {
namespace {

struct Int8Block {
  static constexpr int kRows = 1;
  static constexpr int64_t kOutputs = kTileRows;

  template <int kCount>
  static void multiply(const int16_t* x, int64_t, const std::byte* weights, int64_t steps, bool add,
                       int32_t* sums) {
    for (int64_t output = 0; output < kOutputs && !add; ++output) sums[output] = 0;
    for (int64_t step = 0; step < steps; ++step, x += kInt8Inputs, weights += 2 * kTileBytes) {
      for (int64_t input = 0; input < kInt8Inputs; ++input) {
        const std::byte* group = weights + input / kInt8Group * kStepBytes + input % kInt8Group;
        for (int64_t output = 0; output < kOutputs; ++output) {
          sums[output] += x[input] * static_cast<int8_t>(group[output * kInt8Group]);
        }
      }
    }
  }
};

}  // namespace

const FloatMultiply kScalarFloats = multiply_float_panels<F32>;
const TileKernels kScalarInt8 = int8_kernels<F32, Int8Block>;

}  // namespace sentence_torch
