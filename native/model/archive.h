#pragma once

#include <string>

namespace sentence_torch {

/// Refuses a TorchScript file whose classes carry __setstate__ or __getstate__: torch::jit::load
/// runs the first before anybody can look at its graph. No trace of an nn.Module has them. Throws
/// Failure ST_MODEL_REFUSED.
void verify_archive(const std::string& path);

}  // namespace sentence_torch
