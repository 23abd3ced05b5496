#include "kernels/linear/float_kernel.h"
#include "kernels/linear/kernels.h"
#include "kernels/simd/avx512.h"

namespace sentence_torch {

const FloatMultiply kAvx512Floats = multiply_float_panels<F32>;

}  // namespace sentence_torch
