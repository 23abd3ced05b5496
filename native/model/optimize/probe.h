#pragma once

#include <torch/csrc/jit/runtime/interpreter.h>

#include <functional>
#include <vector>

#include "model/optimize/workbench.h"

namespace sentence_torch {

/// A batch made up to try a graph on: padded on the right, with ids from all over the vocabulary,
/// the padding's own id among them where a text has room for it.
struct ProbeBatch {
  std::vector<int64_t> lengths;
  at::Tensor input_ids;
  at::Tensor attention_mask;

  int64_t texts() const { return static_cast<int64_t>(lengths.size()); }
  int64_t width() const { return input_ids.size(1); }
  /// For a graph that takes `count` inputs; token types are all 0.
  std::vector<c10::IValue> inputs(size_t count) const;
  /// For a graph with flat inputs.
  std::vector<c10::IValue> flat_inputs(int64_t skipped_id) const;
};

/// Texts of these lengths, shortened to what the model takes.
ProbeBatch make_probe(const Workbench& bench, std::vector<int64_t> lengths);

/// Part of a graph: what it takes to compute some of its values. What a value is, is found out by
/// computing it, not by recognising the operators that make it, which change from one version of
/// one architecture to the next.
class Slice {
 public:
  /// `free`, if any, becomes one more input: what the graph computes for it does not count.
  Slice(const GraphPtr& graph, const std::vector<torch::jit::Value*>& wanted,
        torch::jit::Value* free = nullptr);

  std::vector<at::Tensor> run(const ProbeBatch& batch, const at::Tensor& free = {}) const;

 private:
  torch::jit::Code code_;
  size_t own_inputs_;
};

/// Whether a claim about the slice's values is true on ragged, full and lone batches, and on one
/// as long as the model can take, since attention and positions may be other for long texts. Of
/// models for texts too long to try that, nothing is true.
using Claim = std::function<bool(const ProbeBatch&, const std::vector<at::Tensor>&)>;
bool holds_on_probes(const Workbench& bench, const Slice& slice, const Claim& claim);

}  // namespace sentence_torch
