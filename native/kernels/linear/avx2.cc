#include "kernels/simd/avx2.h"

#include "kernels/linear/float_kernel.h"
#include "kernels/linear/int8_kernel.h"
#include "kernels/linear/kernels.h"

namespace sentence_torch {

const FloatMultiply kAvx2Floats = multiply_float_panels<F32>;
const TileKernels kAvx2Int8{TileType::kInt8, convert_to_int8, multiply_int8<F32>};

}  // namespace sentence_torch
