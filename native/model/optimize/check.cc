#include "model/optimize/check.h"

#include <ATen/ops/cosine_similarity.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>

#include "model/optimize/attention_check.h"
#include "runtime/failure.h"

namespace sentence_torch {
namespace {

// Of the largest value: orders of magnitude above what another order of additions changes.
constexpr double kFloat32Tolerance = 1e-3;
// Absolute, or of the largest value if that exceeds 1. See
// docs/notes/2026-11-28-float32x2-licence.md.
constexpr double kExactTolerance = 2e-6;

// Few and short, since each token is computed twice: what depends on lengths alone is checked by
// attention_fault().
const std::vector<int64_t> kProbedLengths{16, 2, 7, 1};

at::Tensor output(const Workbench& bench, const ProbeBatch& batch) {
  auto stack = bench.flat_skipped_id ? batch.flat_inputs(*bench.flat_skipped_id)
                                     : batch.inputs(bench.graph->inputs().size());
  torch::jit::InterpreterState(torch::jit::Code(bench.graph, "check")).run(stack);
  return stack.at(0).toTensor();
}

bool is_float32(LinearForm form) {
  return form == LinearForm::kFloat32 || form == LinearForm::kFloat32x2;
}

bool is_near(const at::Tensor& got, const at::Tensor& expected, double tolerance) {
  return got.sizes() == expected.sizes() &&
         got.allclose(expected, 0, tolerance, /*equal_nan=*/true);
}

double largest(const at::Tensor& values) { return values.abs().max().item<double>(); }

/// Embeddings that are the same have no lesser cosine, zeros and NaN included.
double least_cosine(const at::Tensor& got, const at::Tensor& expected) {
  double least = 1;
  for (int64_t i = 0; i < got.size(0); ++i) {
    if (is_near(got[i], expected[i], 0)) continue;
    const double cosine = at::cosine_similarity(got[i], expected[i], 0).item<double>();
    least = cosine < least ? cosine : least;
    if (std::isnan(cosine)) return -1;
  }
  return least;
}

}  // namespace

SelfCheck::SelfCheck(const Workbench& plain) : batch_(make_probe(plain, kProbedLengths)) {
  try {
    expected_ = output(plain, batch_);
  } catch (...) {
    const Failure failure = describe(std::current_exception(), "ST_MODEL_DAMAGED");
    if (failure.code() != "ST_MODEL_DAMAGED") throw failure;
    unchecked_ = "the plain model fails on made-up texts: " + std::string(failure.what());
  }
}

bool SelfCheck::is_exact(const Workbench& optimised) const {
  if (!unchecked_.empty()) return false;
  const double scale = std::max(1.0, largest(expected_));
  return is_near(output(optimised, batch_), expected_, kExactTolerance * scale);
}

Verdict SelfCheck::judge(const Workbench& optimised, double min_cosine) const {
  Verdict verdict{unchecked_.empty() ? attention_fault(optimised) : unchecked_, {}};
  if (!verdict.fault.empty()) return verdict;
  const at::Tensor got = output(optimised, batch_);
  if (is_float32(optimised.form) || got.sizes() != expected_.sizes()) {
    if (!is_near(got, expected_, kFloat32Tolerance * largest(expected_)))
      verdict.fault = "it computes something else than the plain model";
    return verdict;
  }
  verdict.cosine = least_cosine(got, expected_);
  if (*verdict.cosine < min_cosine)
    verdict.fault = "the cosine to float32 is " + std::to_string(*verdict.cosine);
  return verdict;
}

}  // namespace sentence_torch
