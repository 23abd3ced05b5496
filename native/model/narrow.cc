#include "model/narrow.h"

#include <ATen/ops/empty.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/serialization/export.h>

#include <map>
#include <tuple>
#include <vector>

#include "kernels/linear/int8_row.h"
#include "model/graph.h"
#include "model/optimize/match.h"
#include "model/output_file.h"
#include "model/verified.h"

namespace sentence_torch {
namespace {

Value* insert_bfloat16(torch::jit::Graph& graph, const at::Tensor& weight) {
  return graph.insert(c10::aten::to, {graph.insertConstant(weight.to(at::kBFloat16)),
                                      static_cast<int64_t>(at::kFloat)});
}

/// Null for weights that packing would not make the same int8 of again.
Value* insert_int8(torch::jit::Graph& graph, const at::Tensor& weight) {
  const at::Tensor rows = weight.contiguous();
  const int64_t outputs = rows.size(0), inputs = rows.size(1);
  const at::Tensor values = at::empty(rows.sizes(), at::kChar);
  const at::Tensor scales = at::empty({outputs, 1}, at::kFloat);
  const float* row = rows.const_data_ptr<float>();
  auto* value = values.mutable_data_ptr<int8_t>();
  for (int64_t output = 0; output < outputs; ++output, row += inputs, value += inputs) {
    const Int8Scale scale = int8_scale(row, inputs);
    if (!scale.is_repeatable()) return nullptr;
    for (int64_t i = 0; i < inputs; ++i) value[i] = to_int8(row[i], scale);
    scales.mutable_data_ptr<float>()[output] = scale.scale;
  }
  // The product of int8 and float32 is float32. A conversion before it would be one more copy of
  // all weights while they are loaded.
  return graph.insert(c10::aten::mul, {graph.insertConstant(values), graph.insertConstant(scales)});
}

/// The narrow forms of a graph's weights, each made once, however many layers share it.
class NarrowWeights {
 public:
  NarrowWeights(torch::jit::Graph& graph, LinearForm form) : graph_(graph), form_(form) {}

  /// Null where the weight has to stay as it is.
  Value* of(const at::Tensor& weight) {
    const auto [found, is_new] = made_.try_emplace(
        {weight.const_data_ptr(), weight.sizes().vec(), weight.strides().vec()}, nullptr);
    if (is_new) found->second = make(weight);
    return found->second;
  }

  int count() const { return count_; }

 private:
  Value* make(const at::Tensor& weight) {
    const torch::jit::WithInsertPoint guard(*graph_.nodes().begin());  // before every layer
    Value* value =
        form_ == LinearForm::kInt8 ? insert_int8(graph_, weight) : insert_bfloat16(graph_, weight);
    if (value != nullptr) ++count_;
    return value;
  }

  torch::jit::Graph& graph_;
  const LinearForm form_;
  std::map<std::tuple<const void*, std::vector<int64_t>, std::vector<int64_t>>, Value*> made_;
  int count_ = 0;
};

/// Of the layers that the optimiser packs: no others are computed in `form`.
int narrow_layers(std::shared_ptr<torch::jit::Graph> graph, LinearForm form) {
  fold_constants(graph);  // as the optimiser does
  NarrowWeights weights(*graph, form);
  for (Node* node : nodes_of(*graph, "aten::linear")) {
    const auto layer = layer_weights(node);
    if (!layer) continue;
    if (Value* narrow = weights.of(layer->weight)) node->replaceInput(1, narrow);
  }
  torch::jit::EliminateDeadCode(graph);
  graph->lint();
  return weights.count();
}

}  // namespace

int write_narrow(const NarrowOptions& options) {
  // Frozen, since a layer's weight is a constant then, wherever the trace kept it.
  const auto module = torch::jit::freeze_module(load_verified(options.model_path, c10::kCPU));
  const int count = narrow_layers(module.get_method("forward").graph(), options.form);
  OutputFile file(options.output_path);
  torch::jit::ExportModule(
      module, [&file](const void* data, size_t size) { return file.write(data, size); });
  file.close();
  return count;
}

}  // namespace sentence_torch
