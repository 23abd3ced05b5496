#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <memory>
#include <optional>
#include <string>

#include "model/optimization_report.h"

namespace sentence_torch {

struct ModelOptions;

/// How closely to watch the passes.
enum class Care {
  kResult,    // what all of them made together is compared with the plain graph
  kEachPass,  // and so is what each of them made, so that one that does not hold is left out
};

struct Optimized {
  std::shared_ptr<torch::jit::Graph> graph;  // without self: every weight is a constant in it
  OptimizationReport report;
  std::optional<int64_t> flat_skipped_id;  // of a graph with flat inputs; see Workbench
  std::string fault;                       // why the result does not hold; empty if it does
};

/// Rewrites a frozen graph for the CPU with the passes of passes.h, packs its weights, and checks
/// that it still computes the same. A pass that fails is left out. `graph` is consumed: its weights
/// are let go of as they are packed. Throws Failure ST_OUT_OF_MEMORY, ST_DISPOSED.
Optimized optimize(std::shared_ptr<torch::jit::Graph> graph, const ModelOptions& options,
                   Care care);

}  // namespace sentence_torch
