#pragma once

#include <torch/script.h>

#include <string>

namespace sentence_torch {

/// Reads a TorchScript file in evaluation mode, once neither its archive nor any operator of its
/// forward is refused. Throws Failure ST_MODEL_REFUSED.
torch::jit::Module load_verified(const std::string& path, c10::Device device);

}  // namespace sentence_torch
