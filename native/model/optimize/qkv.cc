#include <ATen/ops/where.h>

#include <cmath>
#include <unordered_map>

#include "model/optimize/match.h"
#include "model/optimize/passes.h"
#include "model/optimize/probe.h"

namespace sentence_torch::passes {
namespace {

// At this and below, a score is gone from the softmax of float32.
constexpr double kHidden = -1e4;

struct Attention {
  Node* node;
  Node* layers[3];             // the linear layers of query, key and value
  std::vector<Value*> merged;  // the attention's output, and its views one after another
  Value* context = nullptr;    // of them, the one that is [texts, width, heads x head_size]
  int64_t heads = 0;
  int64_t head_size = 0;
  bool holds = true;  // what was matched, so far
};

bool is_view(const Node* node) {
  for (const char* name : {"aten::view", "aten::reshape", "aten::transpose", "aten::permute",
                           "aten::contiguous", "aten::flatten", "aten::unflatten"}) {
    if (is(node, name)) return true;
  }
  return false;
}

Node* source_layer(Value* value) {
  while (is_view(value->node())) value = value->node()->input(0);
  return layer_weights(value->node()) ? value->node() : nullptr;
}

std::vector<Value*> views_behind(Value* value) {
  std::vector<Value*> views{value};
  while (true) {
    Node* next = nullptr;
    for (const auto& use : views.back()->uses()) {
      if (is(use.user, "aten::size")) continue;
      if (next != nullptr || !is_view(use.user)) return views;
      next = use.user;
    }
    if (next == nullptr) return views;
    views.push_back(next->output());
  }
}

// Scaled by a constant, neither causal nor with dropout, of one input.
std::optional<Attention> match(Node* node) {
  const bool plain =
      constant_double(node->input(4)) == 0.0 && constant_bool(node->input(5)) == false;
  const bool scaled = is_none(node->input(6)) || constant_double(node->input(6));
  if (!plain || !scaled) return {};
  Attention attention{node, {}, views_behind(node->output())};
  for (size_t i = 0; i < 3; ++i) {
    attention.layers[i] = source_layer(node->input(i));
    if (attention.layers[i] == nullptr) return {};
    if (attention.layers[i]->input(0) != attention.layers[0]->input(0)) return {};
  }
  return attention;
}

std::vector<Value*> observed_values(const Attention& attention) {
  std::vector<Value*> values;
  for (size_t i = 0; i < 3; ++i) {
    values.push_back(attention.node->input(i));
    values.push_back(attention.layers[i]->output());
  }
  values.insert(values.end(), attention.merged.begin(), attention.merged.end());
  return values;
}

// Whether query, key and value are their layers' outputs split into heads, and which of the
// attention's views is the heads side by side again.
bool is_self_attention(const ProbeBatch& batch, const at::Tensor* values, Attention& attention) {
  const at::Tensor& query = values[0];
  if (query.dim() != 4) return false;
  attention.heads = query.size(1);
  attention.head_size = query.size(3);
  for (size_t i = 0; i < 3; ++i) {
    const at::Tensor& heads = values[2 * i];
    const at::Tensor& layer = values[2 * i + 1];
    if (heads.sizes() != query.sizes() || layer.numel() != query.numel()) return false;
    const at::Tensor split =
        layer.view({batch.texts(), batch.width(), attention.heads, attention.head_size});
    if (!heads.equal(split.transpose(1, 2))) return false;
  }
  const at::Tensor expected = values[6].transpose(1, 2).flatten(2);
  Value* context = nullptr;
  for (size_t i = 0; i < attention.merged.size(); ++i) {
    const at::Tensor& merged = values[6 + i];
    if (merged.sizes() == expected.sizes() && merged.equal(expected)) context = attention.merged[i];
  }
  const bool steady = attention.context == nullptr || attention.context == context;
  attention.context = context;
  return context != nullptr && steady;
}

// All layers at once, since each costs a run up to it.
void keep_self_attention(const Workbench& bench, std::vector<Attention>& found) {
  std::vector<Value*> wanted;
  for (const Attention& attention : found) {
    const auto values = observed_values(attention);
    wanted.insert(wanted.end(), values.begin(), values.end());
  }
  const Slice slice(bench.graph, wanted);
  for (const std::vector<int64_t>& lengths : {std::vector<int64_t>{3, 1}, {2}}) {
    const ProbeBatch batch = make_probe(bench, lengths);
    const auto values = slice.run(batch);
    const at::Tensor* next = values.data();
    for (Attention& attention : found) {
      attention.holds = attention.holds && is_self_attention(batch, next, attention);
      next += 6 + attention.merged.size();
    }
  }
  std::erase_if(found, [](const Attention& attention) { return !attention.holds; });
}

// Whether each token sees exactly the tokens of its text. What padding sees does not matter.
bool shows_own_text(const ProbeBatch& batch, const at::Tensor& mask) {
  if (mask.dim() != 4) return false;
  const bool is_bool = mask.scalar_type() == at::kBool;
  const at::Tensor all = mask.expand({batch.texts(), mask.size(1), batch.width(), batch.width()});
  for (int64_t text = 0; text < batch.texts(); ++text) {
    const int64_t length = batch.lengths[static_cast<size_t>(text)];
    const at::Tensor rows = all[text].narrow(1, 0, length);
    const at::Tensor own = rows.narrow(2, 0, length);
    const at::Tensor padding = rows.narrow(2, length, batch.width() - length);
    const bool shown = is_bool ? own.all().item<bool>() : own.eq(0).all().item<bool>();
    const bool hidden =
        is_bool ? !padding.any().item<bool>() : padding.le(kHidden).all().item<bool>();
    if (!shown || !hidden) return false;
  }
  return true;
}

bool is_padding_mask(const Workbench& bench, Value* mask) {
  return holds_on_probes(bench, Slice(bench.graph, {mask}),
                         [](const ProbeBatch& batch, const std::vector<at::Tensor>& values) {
                           return shows_own_text(batch, values.front());
                         });
}

void rewrite(Workbench& bench, const Attention& attention, Value* mask) {
  Node* node = attention.node;
  std::vector<at::Tensor> weights;
  std::vector<std::optional<at::Tensor>> biases;
  for (const Node* layer : attention.layers) {
    const auto found = layer_weights(layer);
    weights.push_back(found->weight);
    biases.push_back(found->bias);
  }
  const double scale = constant_double(node->input(6))
                           .value_or(1 / std::sqrt(static_cast<double>(attention.head_size)));
  auto* layer = insert_weights(node, bench.layer(weights, biases, Activation::kNone));
  auto* qkv = insert(node, "sentence_torch::linear", {attention.layers[0]->input(0), layer});
  attention.context->replaceAllUsesWith(
      insert(node, "sentence_torch::masked_attention",
             {qkv, mask, insert_constant(node, attention.heads),
              insert_constant(node, attention.head_size), insert_constant(node, scale)}));
}

}  // namespace

int qkv(Workbench& bench) {
  std::vector<Attention> found;
  for (Node* node : nodes_of(*bench.graph, "aten::scaled_dot_product_attention")) {
    if (auto attention = match(node)) found.push_back(std::move(*attention));
  }
  if (!found.empty()) keep_self_attention(bench, found);
  std::unordered_map<Value*, bool> padding_masks;  // the layers mostly share one
  for (const Attention& attention : found) {
    Value* mask = attention.node->input(3);
    if (!is_none(mask) && !padding_masks.contains(mask))
      padding_masks[mask] = is_padding_mask(bench, mask);
  }
  for (const Attention& attention : found) {
    Value* mask = attention.node->input(3);
    const bool padding = !is_none(mask) && !bench.pad_left && padding_masks[mask];
    rewrite(bench, attention, padding ? bench.attention_mask() : mask);
  }
  return static_cast<int>(found.size());
}

}  // namespace sentence_torch::passes
