#pragma once

#include <string>
#include <vector>

namespace sentence_torch {

/// How often a pass of the optimiser rewrote something.
struct PassResult {
  std::string name;
  int count = 0;
};

/// What the optimiser made of a model: for people, and for tests.
struct Listing {
  std::vector<PassResult> passes;  // in the order they ran; empty without optimisation
  std::string graph;               // the graph that runs
  bool padding_free = false;       // whether texts run end to end, without padding
  int layers = 0;                  // linear layers that are computed in the dtype asked for
};

}  // namespace sentence_torch
