#include "kernels/linear/kernels.h"

#include "kernels/isa.h"

namespace sentence_torch {
namespace {

LinearKernels choose() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAmx:
      return {kAvx512Floats, &kAmxFloat32x2, &kAmxFloat32x3, &kAmxBfloat16, &kAmxInt8};
    case Isa::kAvx512:
      return {kAvx512Floats, nullptr, nullptr, has_bfloat16() ? &kAvx512Bfloat16 : nullptr,
              has_int8() ? &kAvx512Int8 : &kAvx2Int8};
    case Isa::kAvx2:
      return {kAvx2Floats, nullptr, nullptr, nullptr, &kAvx2Int8};
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return {kNeonFloats, nullptr, nullptr, nullptr, &kNeonInt8};
#endif
    default:
      return {kScalarFloats, nullptr, nullptr, nullptr, &kScalarInt8};
  }
}

}  // namespace

const LinearKernels& linear_kernels() {
  static const LinearKernels kernels = choose();
  return kernels;
}

}  // namespace sentence_torch
