#pragma once

#include <c10/core/Device.h>
#include <torch/csrc/jit/runtime/interpreter.h>
#include <torch/script.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/linear.h"
#include "model/batch.h"
#include "model/optimize/optimize.h"
#include "runtime/lent_memory.h"

namespace sentence_torch {

struct ModelOptions {
  std::string path;
  c10::Device device = c10::kCPU;
  int64_t dimension = 0;
  int64_t max_seq_length = 1;
  int64_t pad_token_id = 0;
  bool pad_left = false;
  bool token_type_ids = false;
  LinearForm form = LinearForm::kFloat32;
  bool optimize = true;
  std::vector<std::string> disabled_passes;
  /// Of embeddings in a form that is not as exact as float32, to those in float32.
  double min_cosine = 0;
  /// Whether a form below that gives way to float32; else it is refused.
  bool may_fall_back = false;
};

bool is_disabled(const ModelOptions& options, const std::string& pass);

/// A TorchScript trace of a whole SentenceTransformer, verified, frozen and ready on its device.
/// Immutable: any number of streams run it at once.
class Model {
 public:
  /// Reads the file, checks every operator, freezes and optimises. What fails of that last is left
  /// out. Throws Failure.
  static std::shared_ptr<const Model> load(ModelOptions options);

  /// Runs a few texts on this thread, so that no user's batch pays for the first-call work.
  void warm_up() const;

  /// Runs the batch and writes each text's embedding into its row, if `rows` may still be touched.
  void encode(const Batch& batch, LentMemory& rows) const;

  /// What the optimiser did.
  const OptimizationReport& report() const { return report_; }

 private:
  Model(torch::jit::Module module, ModelOptions options);

  static std::shared_ptr<Model> read(const ModelOptions& options);
  void finish(std::vector<LeftOut> left_out);
  at::Tensor forward(const Batch& batch) const;
  std::vector<c10::IValue> inputs_of(const Batch& batch) const;
  c10::IValue run(std::vector<c10::IValue> inputs) const;
  std::string optimize_graph(Care care);

  torch::jit::Module module_;  // empty once optimised
  torch::jit::Code code_;      // empty unless optimised
  ModelOptions options_;
  OptimizationReport report_;
  std::optional<int64_t> flat_skipped_id_;  // see Workbench
};

}  // namespace sentence_torch
