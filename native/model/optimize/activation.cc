#include <ATen/ops/cat.h>
#include <ATen/ops/linspace.h>

#include <unordered_set>

#include "model/optimize/match.h"
#include "model/optimize/passes.h"
#include "model/optimize/probe.h"

namespace sentence_torch::passes {
namespace {

constexpr int kLongestActivation = 12;  // operators that spell one out

bool is_elementwise(const Node* node) {
  for (const char* name :
       {"aten::gelu", "aten::relu", "aten::silu", "aten::sigmoid", "aten::tanh", "aten::erf",
        "aten::add", "aten::sub", "aten::mul", "aten::div", "aten::pow"}) {
    if (is(node, name)) return true;
  }
  return false;
}

// The value next behind `x` through which alone it is used, if what lies between is elementwise.
class Region {
 public:
  explicit Region(Value* x) : values_{x} {}

  // Grows by one node. Null if nothing is left to grow into.
  Node* grow(Node* node) {
    for (; node->kind() != c10::prim::Return; node = node->next()) {
      if (is_elementwise(node) && takes(node)) {
        values_.insert(node->output());
        return node;
      }
    }
    return nullptr;
  }

  bool ends_at(const Value* end) const {
    for (const Value* value : values_) {
      if (value == end) continue;
      for (const auto& use : value->uses()) {
        if (use.user->outputs().size() != 1 || !values_.contains(use.user->output())) return false;
      }
    }
    return true;
  }

 private:
  bool takes(const Node* node) const {
    bool any = false;
    for (const Value* input : node->inputs()) {
      // A scale or a bias of each output is no part of an activation.
      if (values_.contains(input))
        any = true;
      else if (!is_scalar(input))
        return false;
    }
    return any;
  }

  std::unordered_set<const Value*> values_;
};

Activation recognise(const Workbench& bench, Value* x, Value* y) {
  const at::Tensor points = at::cat({at::linspace(-8, 8, 257), at::linspace(-100, 100, 9)});
  const at::Tensor values = Slice(bench.graph, {y}, x).run(make_probe(bench, {1}), points).front();
  for (const auto known : {Activation::kGelu, Activation::kGeluTanh, Activation::kRelu,
                           Activation::kSilu, Activation::kSigmoid, Activation::kTanh}) {
    if (values.sizes() == points.sizes() && values.allclose(activate(known, points), 1e-6, 1e-6))
      return known;
  }
  return Activation::kNone;
}

bool fuse(Workbench& bench, Node* layer) {
  Value* x = layer->output();
  const auto plain = weights_of<Linear>(layer->input(1));
  if (plain->activation() != Activation::kNone) return false;
  Region region(x);
  Node* last = layer;
  for (int i = 0; i < kLongestActivation; ++i) {
    last = region.grow(last->next());
    if (last == nullptr) return false;
    if (!region.ends_at(last->output())) continue;
    const Activation found = recognise(bench, x, last->output());
    if (found == Activation::kNone) continue;
    auto* weights = insert_weights(layer, bench.layer({plain->weight()}, {plain->bias()}, found));
    last->output()->replaceAllUsesWith(
        insert(layer, "sentence_torch::linear", {layer->input(0), weights}));
    return true;
  }
  return false;
}

}  // namespace

int activation(Workbench& bench) {
  int count = 0;
  for (Node* layer : nodes_of(*bench.graph, "sentence_torch::linear")) count += fuse(bench, layer);
  return count;
}

}  // namespace sentence_torch::passes
