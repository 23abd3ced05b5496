#include <ATen/TensorOperators.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <unordered_set>

#include "model/optimize/match.h"
#include "model/optimize/passes.h"
#include "model/optimize/probe.h"

namespace sentence_torch::passes {
namespace {

// The tensors computed from `start` by torch's own operators.
std::vector<Value*> values_behind(torch::jit::Graph& graph, Value* start) {
  std::unordered_set<const Value*> reached{start};
  std::vector<Value*> values;
  for (Node* node : graph.nodes()) {
    if (node->kind().is_user() || node->kind().ns() == start->node()->kind().ns()) continue;
    bool uses = false;
    for (const Value* input : node->inputs()) uses = uses || reached.contains(input);
    if (!uses) continue;
    for (Value* output : node->outputs()) {
      reached.insert(output);
      if (is_tensor(output) && node->outputs().size() == 1) values.push_back(output);
    }
  }
  return values;
}

struct Pooling {
  const char* name;
  at::Tensor (*pool)(const ProbeBatch&, const at::Tensor& rows);
};

at::Tensor mean(const ProbeBatch& batch, const at::Tensor& rows) {
  return rows.sum(1) / batch.attention_mask.sum(1, true).clamp_min(1);
}

at::Tensor first(const ProbeBatch&, const at::Tensor& rows) { return rows.select(1, 0); }

constexpr Pooling kPoolings[] = {{"sentence_torch::mean_pool", mean},
                                 {"sentence_torch::first_pool", first}};

// Of the values behind the padded rows, the last one that is the rows' pooling is replaced.
int replace_pooling(Workbench& bench, Node* pad) {
  const auto candidates = values_behind(*bench.graph, pad->output());
  if (candidates.empty()) return 0;
  // Rows of their own size: what is computed from their pooling may take no other.
  const auto size = row_size(pad->input(0));
  if (!size) return 0;
  const ProbeBatch batch = make_probe(bench, {3, 5, 0, 1, 4});
  const at::Tensor rows =
      at::randn({batch.texts(), batch.width(), *size}) * batch.attention_mask.unsqueeze(-1);
  const auto values = Slice(bench.graph, candidates, pad->output()).run(batch, rows);
  int count = 0;
  for (const Pooling& pooling : kPoolings) {
    const at::Tensor expected = pooling.pool(batch, rows);
    for (size_t i = values.size(); i-- > 0;) {
      if (values[i].sizes() != expected.sizes() || values[i].scalar_type() != at::kFloat ||
          !values[i].allclose(expected, 1e-5, 1e-6))
        continue;
      candidates[i]->replaceAllUsesWith(
          insert(pad->next(), pooling.name, {pad->input(0), pad->input(1)}));
      ++count;
      break;
    }
  }
  return count;
}

// x / clamp_min(norm(x), epsilon) over the last dimension.
bool replace_normalization(Node* division) {
  Value* x = division->input(0);
  const Node* expand = division->input(1)->node();
  if (!is(expand, "aten::expand_as") || expand->input(1) != x) return false;
  const Node* clamp = expand->input(0)->node();
  if (!is(clamp, "aten::clamp_min")) return false;
  const Node* norm = clamp->input(0)->node();
  const auto epsilon = constant_double(clamp->input(1));
  if (!is(norm, "aten::linalg_vector_norm") || norm->input(0) != x || !epsilon) return false;
  const auto dims = torch::jit::toIValue(norm->input(2));
  const bool rows = dims && dims->isIntList() && dims->toIntVector() == std::vector<int64_t>{-1};
  if (!rows || constant_double(norm->input(1)) != 2.0 || constant_bool(norm->input(3)) != true)
    return false;
  division->output()->replaceAllUsesWith(
      insert(division, "sentence_torch::l2_normalize", {x, insert_constant(division, *epsilon)}));
  return true;
}

}  // namespace

int pool(Workbench& bench) {
  int count = 0;
  for (Node* pad : nodes_of(*bench.graph, "sentence_torch::pad"))
    count += replace_pooling(bench, pad);
  for (Node* division : nodes_of(*bench.graph, "aten::div"))
    count += division->inputs().size() == 2 && replace_normalization(division);
  return count;
}

}  // namespace sentence_torch::passes
