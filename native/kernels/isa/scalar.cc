#include "kernels/simd/scalar.h"

#include "kernels/generic/table.h"

namespace sentence_torch {

const RowKernels scalar_kernels = kernels_of<F32>;

}  // namespace sentence_torch
