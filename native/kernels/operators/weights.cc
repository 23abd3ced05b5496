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

void check_vector(const std::optional<at::Tensor>& vector, int64_t size) {
  TORCH_CHECK(!vector || (vector->dim() == 1 && vector->size(0) == size), "expected ", size,
              " values, got ", vector->sizes());
}

void check_table(const std::optional<at::Tensor>& table, int64_t size) {
  TORCH_CHECK(!table || (table->dim() == 2 && table->size(1) == size), "expected rows of ", size,
              " values, got ", table->sizes());
}

const float* data(const std::optional<at::Tensor>& tensor) {
  return tensor ? tensor->const_data_ptr<float>() : nullptr;
}

}  // namespace

Linear::Linear(at::Tensor weight, std::optional<at::Tensor> bias, Activation activation)
    : weight_(weight.contiguous()),
      bias_(contiguous(std::move(bias))),
      activation_(activation),
      inputs_(weight_.size(1)),
      outputs_(weight_.size(0)) {
  TORCH_CHECK(weight_.dim() == 2 && weight_.numel() > 0, "a layer's weight is ", weight_.sizes());
  check_vector(bias_, outputs_);
}

void Linear::pack(LinearForm form) {
  packed_.reset();  // first, so that there are never two
  packed_ = std::make_unique<const PackedLinear>(weight_.const_data_ptr<float>(), data(bias_),
                                                 outputs_, inputs_, form, activation_);
}

void Linear::release() {
  weight_.reset();
  bias_.reset();
}

at::Tensor Linear::run(const at::Tensor& x) const {
  if (!is_packed()) return activate(activation_, at::linear(x, weight_, bias_));
  const at::Tensor rows = float_rows(x, inputs_);
  at::Tensor y = like_rows(rows, outputs_);
  packed_->run(rows.const_data_ptr<float>(), row_count(rows), y.mutable_data_ptr<float>());
  return y;
}

at::Tensor Linear::run_both(const at::Tensor& x, const Linear& down) const {
  if (!is_packed()) return down.run(run(x));
  TORCH_CHECK(outputs_ == down.inputs_, "a layer of ", outputs_, " outputs feeds one of ",
              down.inputs_, " inputs");
  const at::Tensor rows = float_rows(x, inputs_);
  at::Tensor y = like_rows(rows, down.outputs_);
  PackedLinear::run_both(*packed_, *down.packed_, rows.const_data_ptr<float>(), row_count(rows),
                         y.mutable_data_ptr<float>());
  return y;
}

Norm::Norm(int64_t size, std::optional<at::Tensor> weight, std::optional<at::Tensor> bias,
           double epsilon)
    : weight_(contiguous(std::move(weight))),
      bias_(contiguous(std::move(bias))),
      parameters_{data(weight_), data(bias_), size, static_cast<float>(epsilon)} {
  TORCH_CHECK(size > 0, "normalization of ", size, " values");
  check_vector(weight_, size);
  check_vector(bias_, size);
}

Embedding::Embedding(at::Tensor words, std::optional<at::Tensor> positions,
                     std::optional<at::Tensor> constant, c10::intrusive_ptr<Norm> norm)
    : words_(words.contiguous()),
      positions_(contiguous(std::move(positions))),
      constant_(contiguous(std::move(constant))),
      norm_(std::move(norm)) {
  const int64_t size = norm_->parameters().size;
  check_table(words_, size);
  check_table(positions_, size);
  check_vector(constant_, size);
}

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
