#pragma once

namespace sentence_torch {

/// Makes the operators sentence_torch::* and their weight classes known to TorchScript, once per
/// process. They are for graphs that the optimiser made: no model file may use them.
void register_operators();

}  // namespace sentence_torch
