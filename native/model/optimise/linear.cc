#include "model/optimise/match.h"
#include "model/optimise/passes.h"

namespace sentence_torch::passes {

int linear(Workbench& bench) {
  int count = 0;
  for (Node* node : nodes_of(*bench.graph, "aten::linear")) {
    const auto weight = constant_tensor(node->input(1));
    std::optional<at::Tensor> bias;
    if (!weight || weight->dim() != 2 || !constant_or_none(node->input(2), bias)) continue;
    auto* layer = insert_weights(node, bench.layer({*weight}, {bias}, Activation::kNone));
    node->output()->replaceAllUsesWith(
        insert(node, "sentence_torch::linear", {node->input(0), layer}));
    ++count;
  }
  return count;
}

}  // namespace sentence_torch::passes
