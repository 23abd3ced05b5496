#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>
#include <optional>

namespace sentence_torch {

/// Makes the outputs of the graph's one sentence_torch::unpad its inputs, if nothing else uses the
/// padded ones: the graph takes ids, positions and offsets then (operators::FlatTexts), and no
/// rectangle is ever made. The skipped id that the positions are to be counted with, or nothing
/// where the graph was left as it was.
std::optional<int64_t> flatten_inputs(torch::jit::Graph& graph);

}  // namespace sentence_torch
