#pragma once

#include <optional>
#include <string>
#include <vector>

namespace sentence_torch {

/// How often a pass of the optimiser rewrote something.
struct PassResult {
  std::string name;
  int count = 0;
};

/// What would have made the model faster, and why it is not used.
struct LeftOut {
  std::string name;  // of a pass, or of a dtype
  std::string reason;
};

/// What the optimiser made of a model: for people, and for tests.
struct OptimizationReport {
  std::vector<PassResult> passes;  // in the order they ran; empty without optimisation
  std::vector<LeftOut> left_out;
  std::string graph;          // the graph that runs
  bool padding_free = false;  // whether texts run end to end, without padding
  int layers = 0;             // linear layers that are computed in the dtype asked for
  // The least one between embeddings in a reduced dtype and in float32, of the texts of the check.
  std::optional<double> cosine;
};

}  // namespace sentence_torch
