#include "model/optimise/optimise.h"

#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <algorithm>
#include <unordered_set>

#include "kernels/operators/operators.h"
#include "model/model.h"
#include "model/optimise/check.h"
#include "model/optimise/match.h"
#include "model/optimise/passes.h"
#include "runtime/failure.h"
#include "runtime/free_memory.h"

namespace sentence_torch {
namespace {

bool contains(const std::vector<std::string>& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Passes read values at another place than the trace does, so nothing may write into a tensor.
bool writes(const torch::jit::Block* block) {
  for (const Node* node : block->nodes()) {
    const auto* schema = node->maybeSchema();
    if (schema != nullptr && schema->is_mutable()) return true;
    for (const auto* inner : node->blocks()) {
      if (writes(inner)) return true;
    }
  }
  return false;
}

int64_t vocabulary(const Workbench& bench) {
  for (const auto& use : bench.input_ids()->uses()) {
    if (!is(use.user, "aten::embedding")) continue;
    if (const auto table = constant_tensor(use.user->input(0))) return table->size(0);
  }
  return 1;
}

int run(const Pass& pass, Workbench& bench) {
  try {
    const int count = pass.run(bench);
    torch::jit::EliminateDeadCode(bench.graph);
    bench.graph->lint();
    return count;
  } catch (...) {
    const Failure failure = describe(std::current_exception(), "ST_MODEL_DAMAGED");
    if (failure.code() != "ST_MODEL_DAMAGED") throw failure;
    throw Failure(failure.code(), "The optimisation '" + std::string(pass.name) +
                                      "' failed on this model; load it with `optimize: false`, "
                                      "and report this: " +
                                      failure.what());
  }
}

using Layers = std::vector<c10::intrusive_ptr<Linear>>;

Layers layers_of(torch::jit::Graph& graph) {
  Layers layers;
  for (Node* node : graph.nodes()) {
    if (node->kind() != c10::prim::Constant) continue;
    const auto value = torch::jit::toIValue(node->output());
    if (!value || !value->isCustomClass()) continue;
    if (value->type() != c10::getCustomClassType<c10::intrusive_ptr<Linear>>()) continue;
    const auto layer = value->toCustomClass<Linear>();
    if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
  }
  return layers;
}

/// Whether another form may follow, for which the layers keep the weights of the trace.
enum class Choice { kTrial, kFinal };

/// Computes everything in `form` from now on.
void convert(Workbench& bench, const Layers& layers, LinearForm form, Choice choice) {
  bench.form = form;
  for (const auto& layer : layers) {
    layer->pack(form);
    if (choice == Choice::kFinal) layer->release();  // at once, for there is no room for all twice
  }
  for (Node* node : nodes_of(*bench.graph, "sentence_torch::attention")) {
    const torch::jit::WithInsertPoint guard(node);
    node->replaceInput(node->inputs().size() - 1,
                       bench.graph->insertConstant(static_cast<int64_t>(form)));
  }
}

/// The form of the options; of float32, the faster one of 16 bits of mantissa where this model's
/// embeddings show no difference that matters.
void choose_form(Workbench& bench, const SelfCheck& check, const ModelOptions& options,
                 Listing& listing) {
  const auto layers = layers_of(*bench.graph);
  listing.layers = static_cast<int>(layers.size());
  if (layers.empty()) return;
  if (options.form == LinearForm::kFloat32 && has_float32x2() &&
      !contains(options.disabled_passes, kFloat32x2Pass)) {
    convert(bench, layers, LinearForm::kFloat32x2, Choice::kTrial);
    if (check.is_exact(bench)) {
      listing.passes.push_back({kFloat32x2Pass, listing.layers});
      for (const auto& layer : layers) layer->release();
    } else {
      convert(bench, layers, LinearForm::kFloat32, Choice::kFinal);
    }
  } else {
    convert(bench, layers, options.form, Choice::kFinal);
  }
}

}  // namespace

Optimised optimise(std::shared_ptr<torch::jit::Graph> graph, const ModelOptions& options) {
  register_operators();
  torch::jit::RemoveTensorMutation(graph);
  Optimised result{graph, {}};
  if (writes(graph->block())) return result;

  Workbench bench{.graph = graph,
                  .form = options.form,
                  .pad_token_id = options.pad_token_id,
                  .pad_left = options.pad_left,
                  .max_length = options.max_seq_length};
  bench.vocabulary = vocabulary(bench);
  GraphPtr plain = graph->copy();
  graph.reset();
  int total = 0;
  for (const Pass& pass : kPasses) {
    if (contains(options.disabled_passes, pass.name)) continue;
    const int count = run(pass, bench);
    total += count;
    if (count > 0) result.listing.passes.push_back({pass.name, count});
  }
  result.graph = bench.graph;
  if (total == 0) return result;

  bench.layers.clear();
  bench.graph = plain;
  const SelfCheck check(bench);
  bench.graph = result.graph;
  plain.reset();          // the last but for the layers that holds the weights of the trace
  release_free_memory();  // before the packed form comes on top
  choose_form(bench, check, options, result.listing);
  check.compare(bench, result.listing.passes);
  result.listing.padding_free = !nodes_of(*result.graph, "sentence_torch::unpad").empty();
  return result;
}

}  // namespace sentence_torch
