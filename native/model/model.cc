#include "model/model.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "model/graph.h"
#include "model/optimise/optimise.h"
#include "model/pad.h"
#include "model/verified.h"
#include "runtime/failure.h"

namespace sentence_torch {
namespace {

constexpr int64_t kWarmUpLengths[] = {128, 2, 17};

}  // namespace

Model::Model(torch::jit::Module module, ModelOptions options)
    : module_(std::move(module)), options_(std::move(options)) {}

std::shared_ptr<const Model> Model::load(const ModelOptions& options) {
  auto module = load_verified(options.path, options.device);
  module = torch::jit::freeze(module);
  if (!options.device.is_cpu())
    retarget_devices(*module.get_method("forward").graph(), options.device);
  std::shared_ptr<Model> model(new Model(std::move(module), options));
  if (options.optimize && options.device.is_cpu()) model->optimise_graph();
  if (!model->code_) {
    model->listing_.graph = model->module_.get_method("forward").graph()->toString(false);
  }
  return model;
}

void Model::encode(const Batch& batch, LentMemory& rows) const {
  const at::Tensor embeddings =
      forward(batch).to(at::TensorOptions(at::kCPU).dtype(at::kFloat)).contiguous();
  const float* source = embeddings.const_data_ptr<float>();
  const LentMemory::Access access(rows);
  if (!access) return;
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const Row& row = batch.rows[i];
    std::memcpy(row.data, source + i * static_cast<size_t>(options_.dimension),
                row.length * sizeof(float));
  }
}

at::Tensor Model::forward(const Batch& batch) const {
  const PaddedBatch padded = pad(batch, options_.pad_token_id, options_.pad_left);
  std::vector<c10::IValue> inputs{padded.input_ids.to(options_.device),
                                  padded.attention_mask.to(options_.device)};
  if (options_.token_type_ids) inputs.emplace_back(at::zeros_like(inputs[0].toTensor()));

  const c10::IValue output = run(std::move(inputs));
  const auto texts = static_cast<int64_t>(batch.lengths.size());
  if (!output.isTensor() || output.toTensor().dim() != 2 || output.toTensor().size(0) != texts ||
      output.toTensor().size(1) != options_.dimension) {
    throw Failure("ST_MODEL_DAMAGED",
                  "model.pt returned something else than a tensor of " + std::to_string(texts) +
                      " x " + std::to_string(options_.dimension) +
                      " (texts x dimension of sentence-torch.json). Export the model again.");
  }
  return output.toTensor();
}

c10::IValue Model::run(std::vector<c10::IValue> inputs) const {
  if (code_) {
    // Straight to the interpreter: a graph executor would prepare for gradients and new shapes.
    torch::jit::InterpreterState(code_).run(inputs);
    return inputs.at(0);
  }
  torch::jit::Module module = module_;  // forward() is not const; the copy is a handle
  return module.forward(std::move(inputs));
}

void Model::optimise_graph() {
  auto graph = module_.get_method("forward").graph()->copy();
  if (graph->inputs()[0]->hasUses() || graph->outputs().size() != 1) return;  // not all is frozen
  graph->eraseInput(0);
  forget_functions(*graph);
  module_ = torch::jit::Module();
  Optimised optimised = optimise(std::move(graph), options_);
  code_ = torch::jit::Code(optimised.graph, "forward");
  listing_ = std::move(optimised.listing);
  listing_.graph = optimised.graph->toString(false);
}

void Model::warm_up() const {
  // Of several lengths, so that padding is computed, and long enough for every kernel's own memory.
  Batch batch;
  std::vector<float> sink(static_cast<size_t>(options_.dimension));
  for (const int64_t wanted : kWarmUpLengths) {
    const int64_t length = std::min(wanted, options_.max_seq_length);
    batch.ids.insert(batch.ids.end(), static_cast<size_t>(length),
                     static_cast<int32_t>(options_.pad_token_id));
    batch.lengths.push_back(static_cast<int32_t>(length));
    batch.rows.push_back({sink.data(), 0});
  }
  LentMemory own;
  encode(batch, own);
}

}  // namespace sentence_torch
