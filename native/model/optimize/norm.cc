#include "model/optimize/match.h"
#include "model/optimize/passes.h"

namespace sentence_torch::passes {
namespace {

// Null if the node is more than a normalization over the last dimension with constant weights.
c10::intrusive_ptr<Norm> norm_of(const Node* node) {
  const auto shape = torch::jit::toIValue(node->input(1));
  std::optional<at::Tensor> weight;
  std::optional<at::Tensor> bias;
  const auto epsilon = constant_double(node->input(4));
  if (!shape || !shape->isIntList() || shape->toIntVector().size() != 1 || !epsilon) return {};
  const int64_t size = shape->toIntVector()[0];
  if (size < 1 || !constant_vector_or_none(node->input(2), size, weight) ||
      !constant_vector_or_none(node->input(3), size, bias))
    return {};
  return c10::make_intrusive<Norm>(size, weight, bias, *epsilon);
}

// The node that makes the value, if it is the operator `name` and nothing else uses it.
Node* sole_source(const Value* value, const char* name) {
  return is(value->node(), name) && value->uses().size() == 1 ? const_cast<Node*>(value->node())
                                                              : nullptr;
}

}  // namespace

int add_norm(Workbench& bench) {
  int count = 0;
  for (Node* node : nodes_of(*bench.graph, "aten::layer_norm")) {
    const auto norm = norm_of(node);
    if (!norm) continue;
    auto* weights = insert_weights(node, norm);
    const Node* source = node->input(0)->node();
    const bool sum = is_sum(source) && node->input(0)->uses().size() == 1;
    node->output()->replaceAllUsesWith(
        sum ? insert(node, "sentence_torch::add_norm",
                     {source->input(0), source->input(1), weights})
            : insert(node, "sentence_torch::norm", {node->input(0), weights}));
    ++count;
  }
  return count;
}

int linear_add_norm(Workbench& bench) {
  int count = 0;
  for (Node* node : nodes_of(*bench.graph, "sentence_torch::add_norm")) {
    for (const size_t side : {0, 1}) {
      const Node* layer = sole_source(node->input(side), "sentence_torch::linear");
      if (layer == nullptr || node->input(0) == node->input(1)) continue;
      node->output()->replaceAllUsesWith(
          insert(node, "sentence_torch::linear_add_norm",
                 {layer->input(0), layer->input(1), node->input(1 - side), node->input(2)}));
      ++count;
      break;
    }
  }
  return count;
}

int feed_forward(Workbench& bench) {
  int count = 0;
  for (Node* node : nodes_of(*bench.graph, "sentence_torch::linear_add_norm")) {
    const Node* up = sole_source(node->input(0), "sentence_torch::linear");
    if (up == nullptr) continue;
    node->output()->replaceAllUsesWith(
        insert(node, "sentence_torch::feed_forward",
               {up->input(0), up->input(1), node->input(1), node->input(2), node->input(3)}));
    ++count;
  }
  return count;
}

}  // namespace sentence_torch::passes
