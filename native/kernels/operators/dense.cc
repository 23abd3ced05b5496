#include "kernels/operators/dense.h"

#include <ATen/ops/add.h>

#include "kernels/operators/tensors.h"

namespace sentence_torch::operators {
namespace {

// If not, torch adds them first, which broadcasts and converts.
bool can_add_rows(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type();
}

/// norm(x + residual), in the memory of x: a layer's output that nothing else uses.
at::Tensor add_norm_in_place(at::Tensor x, const at::Tensor& residual, const NormPtr& norm) {
  if (!can_add_rows(x, residual)) return operators::norm(at::add(x, residual), norm);
  const auto& parameters = norm->parameters();
  const at::Tensor rows = float_rows(x, parameters.size);
  const at::Tensor added = float_rows(residual, parameters.size);
  float* sums = rows.mutable_data_ptr<float>();
  sentence_torch::add_norm(sums, added.const_data_ptr<float>(), row_count(rows), parameters, sums);
  return rows;
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
  if (!can_add_rows(a, b)) return operators::norm(at::add(a, b), norm);
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
