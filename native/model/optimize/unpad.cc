#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "model/optimize/embedding.h"
#include "model/optimize/match.h"
#include "model/optimize/passes.h"
#include "model/optimize/probe.h"

namespace sentence_torch::passes {
namespace {

// Computes each token's row from that token's rows alone.
bool is_token_wise(const Node* node) {
  for (const char* name :
       {"sentence_torch::linear", "sentence_torch::norm", "sentence_torch::add_norm",
        "sentence_torch::linear_add_norm", "sentence_torch::feed_forward"}) {
    if (is(node, name)) return true;
  }
  return is_sum(node);
}

/// Builds the padding-free form of an encoder beside the padded one.
class Unpadder {
 public:
  explicit Unpadder(Workbench& bench) : bench_(bench) {}

  // How many nodes it has rewritten, or 0: then the graph is not to be used.
  int run() {
    const auto start = find_embedding(bench_);
    if (!start) return 0;
    embed(*start);
    for (Node* node = start->node->next(); node->kind() != c10::prim::Return; node = node->next())
      rewrite(node);
    Value* last = last_hidden_state();
    if (last == nullptr || attentions_ == 0 || !ignores_padding(last)) return 0;
    pad(last);
    return static_cast<int>(flat_.size());
  }

 private:
  void embed(const EmbeddingMatch& start) {
    auto& graph = *bench_.graph;
    Node* first = *graph.nodes().begin();
    Node* unpad = graph.create(
        c10::Symbol::fromQualString("sentence_torch::unpad"),
        {bench_.input_ids(), bench_.attention_mask(), insert_constant(first, start.skipped_id)}, 3);
    unpad->insertBefore(first);
    offsets_ = unpad->output(2);
    flat_[start.node->output()] =
        insert(first, "sentence_torch::embed",
               {unpad->output(0), unpad->output(1), insert_weights(first, start.embedding)});
  }

  void rewrite(Node* node) {
    std::vector<Value*> inputs;
    for (Value* input : node->inputs()) {
      const auto found = flat_.find(input);
      inputs.push_back(found == flat_.end() ? input : found->second);
    }
    if (is(node, "sentence_torch::masked_attention")) {
      if (inputs[0] == node->input(0) || inputs[1] != bench_.attention_mask()) return;
      inputs[1] = offsets_;
      inputs.push_back(insert_constant(node, static_cast<int64_t>(bench_.form)));
      flat_[node->output()] = insert(node, "sentence_torch::attention", inputs);
      ++attentions_;
      return;
    }
    if (!is_token_wise(node)) return;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (is_tensor(node->input(i)) && inputs[i] == node->input(i)) return;
    }
    flat_[node->output()] = insert(node, node->kind().toQualString(), inputs);
  }

  // The one value at which what is rewritten meets what is not; null if there are several, or if
  // attention is left beyond it.
  Value* last_hidden_state() const {
    std::unordered_set<Value*> seen;
    std::unordered_set<Value*> met;
    std::vector<Value*> waiting(bench_.graph->outputs().begin(), bench_.graph->outputs().end());
    while (!waiting.empty()) {
      Value* value = waiting.back();
      waiting.pop_back();
      if (!seen.insert(value).second) continue;
      if (flat_.contains(value)) {
        met.insert(value);
        continue;
      }
      Node* node = value->node();
      if (!node->blocks().empty() && !collect_blocks(node, waiting)) return nullptr;
      if (std::string_view(node->kind().toUnqualString()).find("attention") !=
          std::string_view::npos)
        return nullptr;
      waiting.insert(waiting.end(), node->inputs().begin(), node->inputs().end());
    }
    return met.size() == 1 ? *met.begin() : nullptr;
  }

  // What the branches of an `if` use from outside.
  static bool collect_blocks(Node* node, std::vector<Value*>& waiting) {
    for (auto* block : node->blocks()) {
      for (Node* inner : block->nodes()) {
        if (!inner->blocks().empty()) return false;
        waiting.insert(waiting.end(), inner->inputs().begin(), inner->inputs().end());
      }
      waiting.insert(waiting.end(), block->outputs().begin(), block->outputs().end());
    }
    return true;
  }

  // Whether the rows of padding, which become zeros, make no difference to the embedding.
  bool ignores_padding(Value* last) const {
    const auto size = row_size(last);
    if (!size) return false;
    const Slice rest(bench_.graph, {bench_.graph->outputs()[0]}, last);
    const ProbeBatch batch = make_probe(bench_, {5, 2, 1, 4});
    const at::Tensor rows = at::randn({batch.texts(), batch.width(), *size});
    const at::Tensor zeroed = rows * batch.attention_mask.unsqueeze(-1);
    return rest.run(batch, rows).front().allclose(rest.run(batch, zeroed).front(), 1e-6, 1e-6);
  }

  void pad(Value* last) {
    Node* next = last->node()->next();
    auto* width =
        insert(next, "aten::size", {bench_.attention_mask(), insert_constant(next, int64_t{1})});
    width->setType(c10::IntType::get());
    last->replaceAllUsesWith(
        insert(next, "sentence_torch::pad", {flat_.at(last), offsets_, width}));
  }

  Workbench& bench_;
  Value* offsets_ = nullptr;
  int attentions_ = 0;
  std::unordered_map<Value*, Value*> flat_;  // padded -> end to end
};

}  // namespace

int unpad(Workbench& bench) {
  if (bench.pad_left) return 0;
  Workbench trial = bench;
  trial.graph = bench.graph->copy();
  const int count = Unpadder(trial).run();
  if (count > 0) bench.graph = trial.graph;
  return count;
}

}  // namespace sentence_torch::passes
