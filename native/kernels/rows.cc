#include "kernels/rows.h"

#include <algorithm>

#include "kernels/isa.h"
#include "kernels/parallel.h"
#include "kernels/row_kernels.h"

namespace sentence_torch {
namespace {

/// Rows that are worth handing to another thread: about 10 microseconds of work.
int64_t grain(int64_t size) { return std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, size)); }

const RowKernels& choose() {
  switch (isa()) {
#if defined(__x86_64__) || defined(_M_X64)
    case Isa::kAmx:
    case Isa::kAvx512:
      return avx512_kernels;
    case Isa::kAvx2:
      return avx2_kernels;
#elif defined(__aarch64__) || defined(_M_ARM64)
    case Isa::kNeon:
      return neon_kernels;
#endif
    default:
      return scalar_kernels;
  }
}

}  // namespace

const RowKernels& row_kernels() {
  static const RowKernels& chosen = choose();
  return chosen;
}

void add_norm(const float* x, const float* residual, int64_t rows, const NormParameters& norm,
              float* y) {
  parallel_for(rows, grain(norm.size), [&](int64_t begin, int64_t end) {
    const int64_t offset = begin * norm.size;
    row_kernels().add_norm(x + offset, residual == nullptr ? nullptr : residual + offset,
                           end - begin, norm, y + offset);
  });
}

void embed(const EmbeddingTables& tables, const int32_t* ids, const int32_t* position_ids,
           int64_t tokens, float* y) {
  parallel_for(tokens, grain(tables.norm.size), [&](int64_t begin, int64_t end) {
    row_kernels().embed(tables, ids + begin,
                        position_ids == nullptr ? nullptr : position_ids + begin, end - begin,
                        y + begin * tables.norm.size);
  });
}

void mean_pool(const float* x, const int32_t* offsets, int64_t texts, int64_t size, float* y) {
  row_kernels().mean_pool(x, offsets, texts, size, y);
}

void l2_normalize(float* x, int64_t rows, int64_t size, float epsilon) {
  row_kernels().l2_normalize(x, rows, size, epsilon);
}

}  // namespace sentence_torch
