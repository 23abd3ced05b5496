#include "model/optimise/check.h"

#include <ATen/ops/cosine_similarity.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <string>

#include "model/optimise/attention_check.h"
#include "runtime/failure.h"

namespace sentence_torch {
namespace {

// Of the largest value: orders of magnitude above what another order of additions changes.
constexpr double kFloat32Tolerance = 1e-3;
// Absolute, or of the largest value if that exceeds 1. See
// docs/notes/2026-11-28-float32x2-licence.md.
constexpr double kExactTolerance = 2e-6;

// Batches, and the lengths of their texts: ragged, alone, and past the lengths from which other
// kernels compute. Few tokens, since each is computed twice: what depends on lengths alone is
// checked by attention_fault().
const std::vector<std::vector<int64_t>> kProbes{{16, 2, 7}, {1}, {49}};

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

SelfCheck::SelfCheck(const Workbench& plain) {
  for (const auto& lengths : kProbes) {
    const ProbeBatch batch = make_probe(plain, lengths);
    try {
      probes_.push_back({batch, output(plain, batch)});
    } catch (const std::exception&) {
      // Nothing to hold it against: made-up texts may be what this model can't take.
      const Failure failure = describe(std::current_exception(), "ST_MODEL_DAMAGED");
      if (failure.code() != "ST_MODEL_DAMAGED") throw failure;
    }
  }
}

bool SelfCheck::is_exact(const Workbench& optimised) const {
  if (probes_.empty()) return false;
  const Probe& probe = probes_.front();
  const double scale = std::max(1.0, largest(probe.expected));
  return is_near(output(optimised, probe.batch), probe.expected, kExactTolerance * scale);
}

Verdict SelfCheck::judge(const Workbench& optimised, double min_cosine) const {
  Verdict verdict{attention_fault(optimised), {}};
  double least = 1;
  for (const Probe& probe : probes_) {
    if (!verdict.fault.empty()) return verdict;
    const at::Tensor got = output(optimised, probe.batch);
    if (!is_float32(optimised.form) && got.sizes() == probe.expected.sizes()) {
      least = std::min(least, least_cosine(got, probe.expected));
    } else if (!is_near(got, probe.expected, kFloat32Tolerance * largest(probe.expected))) {
      verdict.fault = "it computes something else than the plain model";
    }
  }
  if (is_float32(optimised.form)) return verdict;
  verdict.cosine = least;
  if (least < min_cosine) verdict.fault = "the cosine to float32 is " + std::to_string(least);
  return verdict;
}

}  // namespace sentence_torch
