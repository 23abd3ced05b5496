#pragma once

#include <torch/script.h>

namespace sentence_torch {

/// Inlines forward, and refuses a module whose forward then holds an operator that is not in
/// operators.inc: TorchScript can read and write files and reach outside a tensor's memory. Throws
/// Failure ST_MODEL_REFUSED that names the operators.
void verify_operators(const torch::jit::Module& module);

/// A trace made on the CPU creates its masks and positions there. Points every device constant of
/// the graph to `device`.
void retarget_devices(torch::jit::Graph& graph, c10::Device device);

/// Lets a graph outlive the module it is from: its nodes point to the module's functions, which the
/// interpreter follows for the message of an error.
void forget_functions(torch::jit::Graph& graph);

/// Computes what depends on no input, once. What no longer writes into a tensor can be computed so
/// only after freezing; a layer of constants is then no layer, whatever its weights are stored in.
void fold_constants(std::shared_ptr<torch::jit::Graph>& graph);

}  // namespace sentence_torch
