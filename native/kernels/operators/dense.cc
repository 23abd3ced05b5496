#include "kernels/operators/dense.h"

#include <ATen/ops/broadcast_tensors.h>

#include "kernels/operators/tensors.h"

namespace sentence_torch::operators {
namespace {

void add_norm_in_place(at::Tensor& y, const at::Tensor& residual, const NormPtr& norm) {
  const at::Tensor added =
      float_rows(residual.sizes() == y.sizes() ? residual : residual.expand_as(y), y.size(-1));
  auto* rows = y.mutable_data_ptr<float>();
  sentence_torch::add_norm(rows, added.const_data_ptr<float>(), row_count(y), norm->parameters(),
                           rows);
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
  add_norm_in_place(y, residual, norm);
  return y;
}

at::Tensor feed_forward(const at::Tensor& x, const LinearPtr& up, const LinearPtr& down,
                        const at::Tensor& residual, const NormPtr& norm) {
  if (!up->is_packed()) return linear_add_norm(up->run(x), down, residual, norm);
  const at::Tensor rows = float_rows(x, up->inputs());
  at::Tensor y = like_rows(rows, down->outputs());
  Linear::run_both(*up, *down, rows.const_data_ptr<float>(), row_count(rows),
                   y.mutable_data_ptr<float>());
  add_norm_in_place(y, residual, norm);
  return y;
}

}  // namespace sentence_torch::operators
