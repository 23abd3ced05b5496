#include "model/model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iomanip>
#include <sstream>
#include <utility>

#include "kernels/operators/flat.h"
#include "model/graph.h"
#include "model/pad.h"
#include "model/verified.h"
#include "runtime/failure.h"

namespace sentence_torch {
namespace {

constexpr int64_t kWarmUpLengths[] = {128, 2, 17};

const char* name_of(LinearForm form) {
  return form == LinearForm::kInt8       ? "int8"
         : form == LinearForm::kBfloat16 ? "bfloat16"
                                         : "float32";
}

Failure too_inaccurate(const ModelOptions& options, double cosine) {
  std::ostringstream message;
  message << "dtype is '" << name_of(options.form)
          << "', but of made-up texts this model's embeddings then have a cosine as low as "
          << std::fixed << std::setprecision(4) << cosine << " to those in float32, below "
          << std::defaultfloat << options.min_cosine << ". Leave dtype out";
  // Rounded down, since it is a limit.
  const double acceptable = std::floor(cosine * 1000) / 1000;
  if (acceptable > 0) message << ", or take it as it is with `acceptCosine: " << acceptable << '`';
  message << '.';
  return Failure("ST_LOW_ACCURACY", message.str());
}

/// Passes that hold one by one, and not when packed.
std::vector<LeftOut> all_left_out(const OptimizationReport& report, const std::string& fault) {
  std::vector<LeftOut> all = report.left_out;
  for (const PassResult& pass : report.passes) all.push_back({pass.name, fault});
  return all;
}

}  // namespace

bool is_disabled(const ModelOptions& options, const std::string& pass) {
  const auto& names = options.disabled_passes;
  return std::find(names.begin(), names.end(), pass) != names.end();
}

Model::Model(torch::jit::Module module, ModelOptions options)
    : module_(std::move(module)), options_(std::move(options)) {}

std::shared_ptr<const Model> Model::load(ModelOptions options) {
  const bool optimizes = options.optimize && options.device.is_cpu();
  std::vector<LeftOut> left_out;
  for (Care care = Care::kResult;;) {
    auto model = read(options);
    const std::string fault = optimizes ? model->optimize_graph(care) : std::string();
    if (fault.empty()) {
      model->finish(std::move(left_out));
      return model;
    }
    // Its weights are packed by now: the file is read again.
    const bool passes_hold = care == Care::kEachPass;
    if (!passes_hold) {
      care = Care::kEachPass;
    } else if (!model->report_.cosine) {
      auto plain = read(options);
      plain->finish(all_left_out(model->report_, fault));
      return plain;
    } else if (!options.may_fall_back) {
      throw too_inaccurate(options, *model->report_.cosine);
    } else {
      left_out.push_back({name_of(options.form), fault});
      options.form = LinearForm::kFloat32;
      care = Care::kResult;
    }
  }
}

std::shared_ptr<Model> Model::read(const ModelOptions& options) {
  auto module = load_verified(options.path, options.device);
  module = torch::jit::freeze(module);
  if (!options.device.is_cpu())
    retarget_devices(*module.get_method("forward").graph(), options.device);
  return std::shared_ptr<Model>(new Model(std::move(module), options));
}

void Model::finish(std::vector<LeftOut> left_out) {
  report_.left_out.insert(report_.left_out.end(), left_out.begin(), left_out.end());
  if (!code_) report_.graph = module_.get_method("forward").graph()->toString(false);
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
  const c10::IValue output = run(inputs_of(batch));
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

std::vector<c10::IValue> Model::inputs_of(const Batch& batch) const {
  if (flat_skipped_id_) {
    const operators::FlatTexts texts =
        operators::flat_texts(batch.ids, batch.lengths, *flat_skipped_id_);
    return {std::get<0>(texts), std::get<1>(texts), std::get<2>(texts)};
  }
  const PaddedBatch padded = pad(batch, options_.pad_token_id, options_.pad_left);
  std::vector<c10::IValue> inputs{padded.input_ids.to(options_.device),
                                  padded.attention_mask.to(options_.device)};
  if (options_.token_type_ids) inputs.emplace_back(at::zeros_like(inputs[0].toTensor()));
  return inputs;
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

/// Returns why the result does not hold, or nothing.
std::string Model::optimize_graph(Care care) {
  auto graph = module_.get_method("forward").graph()->copy();
  if (graph->inputs()[0]->hasUses() || graph->outputs().size() != 1)
    return {};  // not all is frozen
  graph->eraseInput(0);
  forget_functions(*graph);
  module_ = torch::jit::Module();
  Optimized optimised = optimize(std::move(graph), options_, care);
  report_ = std::move(optimised.report);
  if (!optimised.fault.empty()) return optimised.fault;
  code_ = torch::jit::Code(optimised.graph, "forward");
  flat_skipped_id_ = optimised.flat_skipped_id;
  report_.graph = optimised.graph->toString(false);
  return {};
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
