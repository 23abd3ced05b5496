#include "kernels/operators/weights.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>

#include <utility>

#include "kernels/operators/tensors.h"

namespace sentence_torch {
namespace {

std::optional<at::Tensor> contiguous(std::optional<at::Tensor> tensor) {
  return tensor ? std::optional(tensor->contiguous()) : std::nullopt;
}

const float* data(const std::optional<at::Tensor>& tensor) {
  return tensor ? tensor->const_data_ptr<float>() : nullptr;
}

}  // namespace

Linear::Linear(at::Tensor weight, std::optional<at::Tensor> bias, Activation activation)
    : weight_(weight.contiguous()),
      bias_(contiguous(std::move(bias))),
      activation_(activation),
      inputs_(weight.size(1)),
      outputs_(weight.size(0)) {}

void Linear::pack(LinearForm form) {
  packed_ = std::make_unique<const PackedLinear>(weight_.const_data_ptr<float>(), data(bias_),
                                                 outputs_, inputs_, form, activation_);
  weight_.reset();
  bias_.reset();
}

at::Tensor Linear::run(const at::Tensor& x) const {
  if (!is_packed()) return activate(activation_, at::linear(x, weight_, bias_));
  const at::Tensor rows = float_rows(x, inputs_);
  at::Tensor y = like_rows(rows, outputs_);
  const int64_t count = row_count(rows);
  if (count > 0) packed_->run(rows.const_data_ptr<float>(), count, y.mutable_data_ptr<float>());
  return y;
}

void Linear::run_both(const Linear& up, const Linear& down, const float* x, int64_t rows,
                      float* y) {
  if (rows > 0) PackedLinear::run_both(*up.packed_, *down.packed_, x, rows, y);
}

Norm::Norm(int64_t size, std::optional<at::Tensor> weight, std::optional<at::Tensor> bias,
           double epsilon)
    : weight_(contiguous(std::move(weight))),
      bias_(contiguous(std::move(bias))),
      parameters_{data(weight_), data(bias_), size, static_cast<float>(epsilon)} {}

Embedding::Embedding(at::Tensor words, std::optional<at::Tensor> positions,
                     std::optional<at::Tensor> constant, c10::intrusive_ptr<Norm> norm)
    : words_(words.contiguous()),
      positions_(contiguous(std::move(positions))),
      constant_(contiguous(std::move(constant))),
      norm_(std::move(norm)) {}

EmbeddingTables Embedding::tables() const {
  return {words_.const_data_ptr<float>(), data(positions_), data(constant_), norm_->parameters()};
}

std::optional<int64_t> Embedding::positions() const {
  return positions_ ? std::optional(positions_->size(0)) : std::nullopt;
}

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kSilu:
      return at::silu(x);
    case Activation::kSigmoid:
      return at::sigmoid(x);
    case Activation::kTanh:
      return at::tanh(x);
  }
  TORCH_CHECK(false, "unknown activation");
}

}  // namespace sentence_torch
