#pragma once

#include "model/listing.h"
#include "model/optimise/probe.h"

namespace sentence_torch {

/// A guard against miscompilation: what the plain graph computes for a few texts, to hold the
/// optimised one against.
class SelfCheck {
 public:
  explicit SelfCheck(const Workbench& plain);

  /// Whether nobody could tell the embeddings of both graphs apart.
  bool is_exact(const Workbench& optimised) const;

  /// Throws Failure if the optimised graph computes something else.
  void compare(const Workbench& optimised, const std::vector<PassResult>& passes) const;

 private:
  ProbeBatch batch_;
  at::Tensor expected_;
};

}  // namespace sentence_torch
