#include "kernels/simd/neon.h"

#include "kernels/generic/table.h"

namespace sentence_torch {

const RowKernels neon_kernels = kernels_of<F32>;

}  // namespace sentence_torch
