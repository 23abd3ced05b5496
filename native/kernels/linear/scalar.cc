#include "kernels/simd/scalar.h"

#include "kernels/linear/float_kernel.h"
#include "kernels/linear/int8_kernel.h"
#include "kernels/linear/kernels.h"

namespace sentence_torch {
namespace {

struct Int8Block {
  static constexpr int kRows = 1;

  template <int kCount>
  static void multiply(const int16_t* x, int64_t, const std::byte* panel, int64_t steps, bool add,
                       int32_t* sums) {
    for (int64_t output = 0; output < kPanelOutputs && !add; ++output) sums[output] = 0;
    for (int64_t step = 0; step < steps; ++step, x += kInt8Inputs) {
      for (int64_t tile = 0; tile < kPanelOutputs; tile += kTileRows, panel += kTileBytes) {
        for (int64_t input = 0; input < kInt8Inputs; input += 4) {
          for (int64_t output = 0; output < kTileRows; ++output) {
            const std::byte* weights = panel + input * kTileRows + output * 4;
            for (int64_t i = 0; i < 4; ++i) {
              sums[tile + output] += x[input + i] * static_cast<int8_t>(weights[i]);
            }
          }
        }
      }
    }
  }
};

}  // namespace

const FloatMultiply kScalarFloats = multiply_float_panels<F32>;
const TileKernels kScalarInt8 = int8_kernels<F32, Int8Block>;

}  // namespace sentence_torch
