#pragma once

#include <optional>
#include <string>

#include "model/optimize/probe.h"

namespace sentence_torch {

/// What came out of a check.
struct Verdict {
  std::string fault;             // empty if the graph holds
  std::optional<double> cosine;  // the least one of an embedding to the plain one, if not float32
};

/// What the plain graph computes for some texts, to hold the optimised one against.
class SelfCheck {
 public:
  explicit SelfCheck(const Workbench& plain);

  /// Whether nobody could tell the embeddings of both graphs apart.
  bool is_exact(const Workbench& optimised) const;

  /// A form that is not as exact as float32 may come down to `min_cosine`. Throws what the graph
  /// throws.
  Verdict judge(const Workbench& optimised, double min_cosine) const;

 private:
  ProbeBatch batch_;
  at::Tensor expected_;
  std::string unchecked_;  // why there is nothing to hold a graph against
};

}  // namespace sentence_torch
