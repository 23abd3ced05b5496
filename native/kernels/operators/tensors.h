#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

namespace sentence_torch {

/// x as the kernels take it: contiguous float32 on the CPU, rows of `size` values.
inline at::Tensor float_rows(const at::Tensor& x, int64_t size) {
  TORCH_CHECK(
      x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() > 0 && x.size(-1) == size,
      "expected float32 rows of ", size, " values, got ", x.scalar_type(), " ", x.sizes());
  return x.contiguous();
}

inline int64_t row_count(const at::Tensor& rows) {
  return rows.size(-1) == 0 ? 0 : rows.numel() / rows.size(-1);
}

/// Room for as many rows as x has, each of `size` values.
inline at::Tensor like_rows(const at::Tensor& x, int64_t size) {
  auto sizes = x.sizes().vec();
  sizes.back() = size;
  return at::empty(sizes, at::kFloat);
}

}  // namespace sentence_torch
