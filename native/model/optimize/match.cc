#include "model/optimize/match.h"

#include <algorithm>

#include "kernels/operators/weights.h"

namespace sentence_torch {
namespace {

c10::IValue constant(const Value* value) {
  return torch::jit::toIValue(value).value_or(c10::IValue());
}

}  // namespace

bool is(const Node* node, const char* name) {
  return node->kind() == c10::Symbol::fromQualString(name);
}

std::vector<Node*> nodes_of(torch::jit::Graph& graph, const char* name) {
  std::vector<Node*> found;
  for (Node* node : graph.nodes()) {
    if (is(node, name)) found.push_back(node);
  }
  return found;
}

std::optional<bool> constant_bool(const Value* value) {
  const auto found = constant(value);
  return found.isBool() ? std::optional(found.toBool()) : std::nullopt;
}

std::optional<int64_t> constant_int(const Value* value) {
  const auto found = constant(value);
  return found.isInt() ? std::optional(found.toInt()) : std::nullopt;
}

std::optional<double> constant_double(const Value* value) {
  const auto found = constant(value);
  if (found.isInt()) return static_cast<double>(found.toInt());
  return found.isDouble() ? std::optional(found.toDouble()) : std::nullopt;
}

std::optional<at::Tensor> constant_tensor(const Value* value) {
  const auto found = constant(value);
  if (!found.isTensor() || !found.toTensor().defined()) return {};
  const at::Tensor tensor = found.toTensor();
  const bool plain = tensor.device().is_cpu() && tensor.layout() == at::kStrided;
  return plain && tensor.scalar_type() == at::kFloat ? std::optional(tensor) : std::nullopt;
}

bool is_none(const Value* value) {
  const auto found = torch::jit::toIValue(value);
  return found && found->isNone();
}

std::optional<LayerWeights> layer_weights(const Node* node) {
  if (!is(node, "aten::linear")) return {};
  const auto weight = constant_tensor(node->input(1));
  if (!weight || weight->dim() != 2 || weight->numel() == 0) return {};
  LayerWeights layer{*weight, {}};
  if (!constant_vector_or_none(node->input(2), weight->size(0), layer.bias)) return {};
  return layer;
}

bool constant_vector_or_none(const Value* value, int64_t size, std::optional<at::Tensor>& vector) {
  vector = constant_tensor(value);
  return vector ? vector->dim() == 1 && vector->size(0) == size : is_none(value);
}

bool is_sum(const Node* node) {
  return is(node, "aten::add") && node->inputs().size() == 3 && is_tensor(node->input(0)) &&
         is_tensor(node->input(1)) && constant_double(node->input(2)) == 1.0;
}

bool is_tensor(const Value* value) { return value->type()->isSubtypeOf(*c10::TensorType::get()); }

bool is_scalar(const Value* value) {
  const auto found = torch::jit::toIValue(value);
  if (!found) return false;
  if (found->isTensor()) return found->toTensor().defined() && found->toTensor().numel() == 1;
  return !found->isList() && !found->isTuple();
}

std::optional<int64_t> row_size(const Value* value) {
  const Node* node = value->node();
  if (is_sum(node)) {
    const auto a = row_size(node->input(0)), b = row_size(node->input(1));
    return a && b ? std::optional(std::max(*a, *b)) : std::nullopt;  // one value spreads out
  }
  if (is(node, "sentence_torch::linear")) return weights_of<Linear>(node->input(1))->outputs();
  for (const char* name : {"sentence_torch::norm", "sentence_torch::add_norm",
                           "sentence_torch::linear_add_norm", "sentence_torch::feed_forward"}) {
    if (is(node, name)) return weights_of<Norm>(node->inputs().back())->parameters().size;
  }
  return {};
}

Value* insert(Node* where, const char* name, at::ArrayRef<Value*> inputs) {
  auto* graph = where->owningGraph();
  return graph->create(c10::Symbol::fromQualString(name), inputs)->insertBefore(where)->output();
}

}  // namespace sentence_torch
