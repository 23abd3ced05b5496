#pragma once

#include "kernels/linear/floats.h"
#include "kernels/linear/tiles.h"

namespace sentence_torch {

/// What one instruction set offers for each form of a linear layer. Where bfloat16 has no
/// instructions, `bfloat16` is null: weights and inputs are rounded, products are `float32`.
struct LinearKernels {
  FloatMultiply float32;
  const TileKernels* float32x2;  // null, as the next, where plain float32 is as fast
  const TileKernels* float32x3;
  const TileKernels* bfloat16;
  const TileKernels* int8;
};

/// Those of this CPU, or of less if SENTENCE_TORCH_ISA asks for less.
const LinearKernels& linear_kernels();

// Defined in the file of each instruction set; absent on other architectures.
extern const TileKernels kAmxBfloat16, kAmxFloat32x2, kAmxFloat32x3, kAmxInt8;
extern const TileKernels kAvx512Bfloat16, kAvx512Int8;
extern const TileKernels kAvx2Int8, kNeonInt8, kScalarInt8;
extern const FloatMultiply kAvx512Floats, kAvx2Floats, kNeonFloats, kScalarFloats;

}  // namespace sentence_torch
