#include "kernels/simd/avx512.h"

#include "kernels/generic/table.h"

namespace sentence_torch {

const RowKernels avx512_kernels = kernels_of<F32>;

}  // namespace sentence_torch
