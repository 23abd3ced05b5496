#include "kernels/operators/dense.h"

#include <ATen/ops/broadcast_tensors.h>

#include <algorithm>

#include "kernels/operators/tensors.h"

namespace sentence_torch::operators {
namespace {

// Of 1,536 values a row: 1.5 MB, within the second-level cache of the servers this runs on.
constexpr int64_t kRowsPerBlock = 256;

at::Tensor expand_rows(const at::Tensor& x, const at::Tensor& like) {
  return float_rows(x.sizes() == like.sizes() ? x : x.expand_as(like), like.size(-1));
}

}  // namespace

at::Tensor linear(const at::Tensor& x, const LinearPtr& weights) { return weights->run(x); }

at::Tensor norm(const at::Tensor& x, const NormPtr& norm) {
  const auto& parameters = norm->parameters();
  const at::Tensor rows = float_rows(x, parameters.size);
  at::Tensor y = like_rows(rows, parameters.size);
  sentence_torch::add_norm(rows.const_data_ptr<float>(), nullptr, row_count(rows), parameters,
                           y.mutable_data_ptr<float>());
  return y;
}

at::Tensor add_norm(const at::Tensor& a, const at::Tensor& b, const NormPtr& norm) {
  if (a.sizes() != b.sizes()) {
    const auto same = at::broadcast_tensors({a, b});
    return add_norm(same[0].contiguous(), same[1].contiguous(), norm);
  }
  const auto& parameters = norm->parameters();
  const at::Tensor x = float_rows(a, parameters.size);
  const at::Tensor residual = float_rows(b, parameters.size);
  at::Tensor y = like_rows(x, parameters.size);
  sentence_torch::add_norm(x.const_data_ptr<float>(), residual.const_data_ptr<float>(),
                           row_count(x), parameters, y.mutable_data_ptr<float>());
  return y;
}

at::Tensor linear_add_norm(const at::Tensor& x, const LinearPtr& weights,
                           const at::Tensor& residual, const NormPtr& norm) {
  at::Tensor y = weights->run(x);
  const at::Tensor added = expand_rows(residual, y);
  float* rows = y.mutable_data_ptr<float>();
  sentence_torch::add_norm(rows, added.const_data_ptr<float>(), row_count(y), norm->parameters(),
                           rows);
  return y;
}

at::Tensor feed_forward(const at::Tensor& x, const LinearPtr& up, const LinearPtr& down,
                        const at::Tensor& residual, const NormPtr& norm) {
  if (!up->is_packed()) return linear_add_norm(up->run(x), down, residual, norm);
  const at::Tensor rows = float_rows(x, up->inputs());
  const int64_t count = row_count(rows);
  at::Tensor y = like_rows(rows, down->outputs());
  const at::Tensor added = expand_rows(residual, y);
  const at::Tensor between = at::empty({std::min(count, kRowsPerBlock), up->outputs()}, at::kFloat);
  auto* scratch = between.mutable_data_ptr<float>();
  for (int64_t row = 0; row < count; row += kRowsPerBlock) {
    const int64_t block = std::min(kRowsPerBlock, count - row);
    float* out = y.mutable_data_ptr<float>() + row * down->outputs();
    up->run_rows(rows.const_data_ptr<float>() + row * up->inputs(), block, scratch);
    down->run_rows(scratch, block, out);
    sentence_torch::add_norm(out, added.const_data_ptr<float>() + row * down->outputs(), block,
                             norm->parameters(), out);
  }
  return y;
}

}  // namespace sentence_torch::operators
