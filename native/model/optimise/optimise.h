#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>

#include "model/listing.h"

namespace sentence_torch {

struct ModelOptions;

struct Optimised {
  std::shared_ptr<torch::jit::Graph> graph;  // without self: every weight is a constant in it
  Listing listing;
};

/// Rewrites a frozen graph for the CPU with the passes of passes.h, packs its weights, and checks
/// that it still computes the same. `graph` is consumed: its weights are let go of as they are
/// packed. Throws Failure.
Optimised optimise(std::shared_ptr<torch::jit::Graph> graph, const ModelOptions& options);

}  // namespace sentence_torch
