#include "model/verified.h"

#include <torch/csrc/jit/runtime/graph_executor.h>

#include "model/archive.h"
#include "model/graph.h"

namespace sentence_torch {

torch::jit::Module load_verified(const std::string& path, c10::Device device) {
  // The profiling executor specialises on the shapes of early calls, which are never those of later
  // ones.
  torch::jit::getProfilingMode() = false;
  verify_archive(path);
  auto module = torch::jit::load(path, device, /*load_debug_files=*/false);
  verify_operators(module);
  module.eval();
  return module;
}

}  // namespace sentence_torch
