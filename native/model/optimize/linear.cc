#include "model/optimize/match.h"
#include "model/optimize/passes.h"

namespace sentence_torch::passes {

int linear(Workbench& bench) {
  int count = 0;
  for (Node* node : nodes_of(*bench.graph, "aten::linear")) {
    const auto weights = layer_weights(node);
    if (!weights) continue;
    auto* layer =
        insert_weights(node, bench.layer({weights->weight}, {weights->bias}, Activation::kNone));
    node->output()->replaceAllUsesWith(
        insert(node, "sentence_torch::linear", {node->input(0), layer}));
    ++count;
  }
  return count;
}

}  // namespace sentence_torch::passes
