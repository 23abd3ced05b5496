#include "model/optimize/flat_inputs.h"

#include "model/optimize/match.h"

namespace sentence_torch {

std::optional<int64_t> flatten_inputs(torch::jit::Graph& graph) {
  const auto found = nodes_of(graph, "sentence_torch::unpad");
  if (found.size() != 1) return {};
  Node* unpad = found.front();
  const auto skipped_id = constant_int(unpad->input(2));
  if (!skipped_id) return {};
  for (const Value* input : graph.inputs()) {
    for (const auto& use : input->uses()) {
      if (use.user != unpad) return {};
    }
  }
  for (Value* output : unpad->outputs()) {
    output->replaceAllUsesWith(graph.addInput(output->debugName() + ".flat"));
  }
  const size_t padded = graph.inputs().size() - unpad->outputs().size();
  unpad->destroy();
  for (size_t i = 0; i < padded; ++i) graph.eraseInput(0);
  graph.lint();
  return skipped_id;
}

}  // namespace sentence_torch
