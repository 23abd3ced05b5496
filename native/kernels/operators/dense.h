#pragma once

#include "kernels/operators/weights.h"

namespace sentence_torch::operators {

using LinearPtr = c10::intrusive_ptr<Linear>;
using NormPtr = c10::intrusive_ptr<Norm>;

at::Tensor linear(const at::Tensor& x, const LinearPtr& weights);

at::Tensor norm(const at::Tensor& x, const NormPtr& norm);

/// norm(a + b), where a and b broadcast.
at::Tensor add_norm(const at::Tensor& a, const at::Tensor& b, const NormPtr& norm);

/// norm(linear(x) + residual)
at::Tensor linear_add_norm(const at::Tensor& x, const LinearPtr& weights,
                           const at::Tensor& residual, const NormPtr& norm);

/// norm(down(up(x)) + residual)
at::Tensor feed_forward(const at::Tensor& x, const LinearPtr& up, const LinearPtr& down,
                        const at::Tensor& residual, const NormPtr& norm);

}  // namespace sentence_torch::operators
