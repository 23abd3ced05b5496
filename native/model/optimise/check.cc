#include "model/optimise/check.h"

#include <ATen/ops/cosine_similarity.h>

#include <algorithm>
#include <sstream>

#include "runtime/failure.h"

namespace sentence_torch {
namespace {

// Of the largest value: orders of magnitude above what another order of additions changes.
constexpr double kFloat32Tolerance = 1e-3;
constexpr double kMinCosine = 0.9;
// Absolute, or of the largest value if that exceeds 1. The 1e-5 that any text may differ from
// Python's leave room for texts worse than these few.
constexpr double kExactTolerance = 2e-6;

at::Tensor output(const Workbench& bench, const ProbeBatch& batch) {
  return Slice(bench.graph, {bench.graph->outputs()[0]}).run(batch).front();
}

bool agree(const at::Tensor& got, const at::Tensor& expected, LinearForm form) {
  if (got.sizes() != expected.sizes()) return false;
  if (form == LinearForm::kFloat32 || form == LinearForm::kFloat32x2) {
    const double tolerance = kFloat32Tolerance * expected.abs().max().item<double>();
    return got.allclose(expected, 0, tolerance, /*equal_nan=*/true);
  }
  return at::cosine_similarity(got, expected, -1).min().item<double>() >= kMinCosine;
}

}  // namespace

SelfCheck::SelfCheck(const Workbench& plain)
    : batch_(make_probe(plain, {16, 2, 7})), expected_(output(plain, batch_)) {}

bool SelfCheck::is_exact(const Workbench& optimised) const {
  const at::Tensor got = output(optimised, batch_);
  const double largest = std::max(1.0, expected_.abs().max().item<double>());
  return got.sizes() == expected_.sizes() &&
         got.allclose(expected_, 0, kExactTolerance * largest, /*equal_nan=*/true);
}

void SelfCheck::compare(const Workbench& optimised, const std::vector<PassResult>& passes) const {
  const at::Tensor got = output(optimised, batch_);
  if (agree(got, expected_, optimised.form)) return;
  std::ostringstream message;
  message << "The optimised model computes something else than the plain one. Load it with "
             "`optimize: false`, and report this; what was done:";
  for (const PassResult& pass : passes) message << ' ' << pass.name << ' ' << pass.count;
  throw Failure("ST_MODEL_DAMAGED", message.str());
}

}  // namespace sentence_torch
