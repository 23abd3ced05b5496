#include "kernels/simd/avx2.h"

#include "kernels/generic/table.h"

namespace sentence_torch {

const RowKernels avx2_kernels = kernels_of<F32>;

}  // namespace sentence_torch
