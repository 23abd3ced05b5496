#include "model/optimize/optimize.h"

#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <utility>

#include "kernels/operators/operators.h"
#include "model/graph.h"
#include "model/model.h"
#include "model/optimize/check.h"
#include "model/optimize/flat_inputs.h"
#include "model/optimize/form.h"
#include "model/optimize/match.h"
#include "model/optimize/passes.h"
#include "runtime/failure.h"
#include "runtime/free_memory.h"

namespace sentence_torch {
namespace {

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

/// What work() says is wrong, or what it threw. Out of memory and the end of the model are no
/// faults of what is tried.
template <typename Work>
std::string fault_of(const Work& work) {
  try {
    return work();
  } catch (...) {
    const Failure failure = describe(std::current_exception(), "ST_MODEL_DAMAGED");
    if (failure.code() != "ST_MODEL_DAMAGED") throw failure;
    return failure.what();
  }
}

/// Runs the pass on a copy of the graph, which takes the graph's place if all went well.
void run(const Pass& pass, Workbench& bench, const SelfCheck* check, OptimizationReport& report) {
  Workbench trial = bench;
  trial.graph = bench.graph->copy();
  int count = 0;
  const std::string fault = fault_of([&] {
    count = pass.run(trial);
    torch::jit::EliminateDeadCode(trial.graph);
    trial.graph->lint();
    return count > 0 && check != nullptr ? check->judge(trial, 0).fault : std::string();
  });
  if (!fault.empty()) {
    report.left_out.push_back({pass.name, fault});
  } else if (count > 0) {
    report.passes.push_back({pass.name, count});
    bench = std::move(trial);
  }
}

Workbench workbench(const std::shared_ptr<torch::jit::Graph>& graph, const ModelOptions& options) {
  Workbench bench{.graph = graph,
                  .pad_token_id = options.pad_token_id,
                  .pad_left = options.pad_left,
                  .max_length = options.max_seq_length};
  bench.vocabulary = vocabulary(bench);
  return bench;
}

}  // namespace

Optimized optimize(std::shared_ptr<torch::jit::Graph> graph, const ModelOptions& options,
                   Care care) {
  register_operators();
  fold_constants(graph);
  Optimized result{graph, {}, {}, {}};
  if (writes(graph->block())) return result;
  Workbench bench = workbench(graph, options);
  Workbench plain = bench;  // passes work on copies
  graph.reset();
  result.graph.reset();

  std::optional<SelfCheck> check;
  if (care == Care::kEachPass) check.emplace(plain);
  for (const Pass& pass : kPasses) {
    if (is_disabled(options, pass.name)) continue;
    run(pass, bench, check ? &*check : nullptr, result.report);
  }
  if (result.report.passes.empty()) {
    result.graph = bench.graph;
    return result;
  }
  bench.layers.clear();
  if (!check) check.emplace(plain);
  plain.graph.reset();    // the last but for the layers that holds the weights of the trace
  release_free_memory();  // before the packed form comes on top
  result.fault = fault_of([&] {
    choose_form(bench, *check, options, result.report);
    result.flat_skipped_id = bench.flat_skipped_id = flatten_inputs(*bench.graph);
    Verdict verdict = check->judge(bench, options.min_cosine);
    result.report.cosine = verdict.cosine;
    return std::move(verdict.fault);
  });
  result.graph = bench.graph;
  result.report.padding_free =
      result.flat_skipped_id || !nodes_of(*result.graph, "sentence_torch::unpad").empty();
  return result;
}

}  // namespace sentence_torch
