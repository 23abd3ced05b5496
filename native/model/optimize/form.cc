#include "model/optimize/form.h"

#include <algorithm>
#include <vector>

#include "model/model.h"
#include "model/optimize/match.h"
#include "model/optimize/passes.h"

namespace sentence_torch {
namespace {

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

}  // namespace

void choose_form(Workbench& bench, const SelfCheck& check, const ModelOptions& options,
                 OptimizationReport& report) {
  const auto layers = layers_of(*bench.graph);
  report.layers = static_cast<int>(layers.size());
  if (layers.empty()) return;
  if (options.form == LinearForm::kFloat32 && has_float32x2() &&
      !is_disabled(options, kFloat32x2Pass)) {
    convert(bench, layers, LinearForm::kFloat32x2, Choice::kTrial);
    if (check.is_exact(bench)) {
      report.passes.push_back({kFloat32x2Pass, report.layers});
      for (const auto& layer : layers) layer->release();
    } else {
      convert(bench, layers, LinearForm::kFloat32, Choice::kFinal);
    }
  } else {
    convert(bench, layers, options.form, Choice::kFinal);
  }
}

}  // namespace sentence_torch
