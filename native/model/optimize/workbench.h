#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/operators/weights.h"

namespace sentence_torch {

using GraphPtr = std::shared_ptr<torch::jit::Graph>;

/// The graph under work, and what the passes know of the model.
struct Workbench {
  GraphPtr graph;  // inputs: input_ids, attention_mask and perhaps token_type_ids; or see below
  LinearForm form = LinearForm::kFloat32;
  int64_t pad_token_id = 0;
  bool pad_left = false;
  int64_t max_length = 1;  // tokens of a text, at most
  int64_t vocabulary = 1;  // rows of the table that input_ids look up

  /// Of a graph whose inputs are flat: the token id that positions do not count, or less than 0.
  std::optional<int64_t> flat_skipped_id{};

  torch::jit::Value* input_ids() const { return graph->inputs()[0]; }
  torch::jit::Value* attention_mask() const { return graph->inputs()[1]; }

  /// The layer of these weights: one for all who ask for the same, so that layers that share
  /// their weights are packed once. Several weights of the same inputs make one layer of all their
  /// outputs.
  c10::intrusive_ptr<Linear> layer(const std::vector<at::Tensor>& weights,
                                   const std::vector<std::optional<at::Tensor>>& biases,
                                   Activation activation);

  /// Those that layer() has made, by the addresses of the tensors' data.
  std::map<std::tuple<std::vector<const void*>, Activation>, c10::intrusive_ptr<Linear>> layers{};
};

}  // namespace sentence_torch
