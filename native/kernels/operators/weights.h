#pragma once

#include <ATen/core/Tensor.h>
#include <torch/custom_class.h>

#include <memory>
#include <optional>

#include "kernels/linear.h"
#include "kernels/rows.h"

namespace sentence_torch {

/// The weights of a linear layer and the activation behind it. First the tensors of the trace, as
/// the passes of the optimiser compose them; in the end only the packed form.
class Linear : public torch::CustomClassHolder {
 public:
  Linear(at::Tensor weight, std::optional<at::Tensor> bias, Activation activation);

  /// Packs the weights for this CPU. Only before other threads see this layer, as release().
  void pack(LinearForm form);
  /// Lets go of the tensors, once packed.
  void release();

  /// y = activation(x W^T + b) over the last dimension of x.
  at::Tensor run(const at::Tensor& x) const;
  /// down.run(run(x)).
  at::Tensor run_both(const at::Tensor& x, const Linear& down) const;

  int64_t outputs() const { return outputs_; }
  Activation activation() const { return activation_; }
  bool is_packed() const { return packed_ != nullptr; }
  /// Before release().
  const at::Tensor& weight() const { return weight_; }
  const std::optional<at::Tensor>& bias() const { return bias_; }

 private:
  at::Tensor weight_;
  std::optional<at::Tensor> bias_;
  Activation activation_;
  int64_t inputs_;
  int64_t outputs_;
  std::unique_ptr<const PackedLinear> packed_;
};

/// Layer normalization over the last dimension.
class Norm : public torch::CustomClassHolder {
 public:
  Norm(int64_t size, std::optional<at::Tensor> weight, std::optional<at::Tensor> bias,
       double epsilon);
  const NormParameters& parameters() const { return parameters_; }

 private:
  std::optional<at::Tensor> weight_;
  std::optional<at::Tensor> bias_;
  NormParameters parameters_;
};

/// The tables that are added for each token, and the normalization of their sum.
class Embedding : public torch::CustomClassHolder {
 public:
  Embedding(at::Tensor words, std::optional<at::Tensor> positions,
            std::optional<at::Tensor> constant, c10::intrusive_ptr<Norm> norm);
  EmbeddingTables tables() const;
  int64_t size() const { return words_.size(1); }
  int64_t words() const { return words_.size(0); }
  /// Rows of the position table: how long a text can be.
  std::optional<int64_t> positions() const;

 private:
  at::Tensor words_;
  std::optional<at::Tensor> positions_;
  std::optional<at::Tensor> constant_;
  c10::intrusive_ptr<Norm> norm_;
};

/// The activation on a tensor, as torch computes it.
at::Tensor activate(Activation activation, const at::Tensor& x);

}  // namespace sentence_torch
