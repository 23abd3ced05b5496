#include "kernels/operators/dense.h"

#include <ATen/ops/broadcast_tensors.h>

#include "kernels/operators/tensors.h"

namespace sentence_torch::operators {
namespace {

at::Tensor add_norm_in_place(at::Tensor x, const at::Tensor& residual, const NormPtr& norm) {
  const at::Tensor added =
      float_rows(residual.sizes() == x.sizes() ? residual : residual.expand_as(x), x.size(-1));
  float* rows = x.mutable_data_ptr<float>();
  sentence_torch::add_norm(rows, added.const_data_ptr<float>(), row_count(x), norm->parameters(),
                           rows);
  return x;
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
  return add_norm_in_place(weights->run(x), residual, norm);
}

at::Tensor feed_forward(const at::Tensor& x, const LinearPtr& up, const LinearPtr& down,
                        const at::Tensor& residual, const NormPtr& norm) {
  return add_norm_in_place(up->run_both(x, *down), residual, norm);
}

}  // namespace sentence_torch::operators
