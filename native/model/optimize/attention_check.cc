#include "model/optimize/attention_check.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "kernels/operators/flat.h"
#include "model/optimize/match.h"

namespace sentence_torch {
namespace {

// Kernels change at 16, 32 and 48 tokens, blocks of queries are of 8 to 32, those of keys of 256.
constexpr int64_t kLengths[] = {1, 2, 7, 15, 16, 17, 31, 33, 47, 48, 49, 65, 129, 255, 257, 300};
constexpr int64_t kHeads = 2;  // all heads are computed alike
constexpr double kTolerance = 1e-3;
constexpr double kMinCosine = 0.999;

using Kind = std::tuple<int64_t, int64_t, double, int64_t>;  // heads, size, scale, form

std::set<Kind> kinds_of(torch::jit::Graph& graph) {
  std::set<Kind> kinds;
  for (const Node* node : nodes_of(graph, "sentence_torch::attention")) {
    const auto heads = constant_int(node->input(2)), size = constant_int(node->input(3));
    const auto scale = constant_double(node->input(4));
    const auto form = constant_int(node->input(5));
    if (heads && size && scale && form)
      kinds.emplace(std::min(*heads, kHeads), *size, *scale, *form);
  }
  return kinds;
}

at::Tensor reference(const at::Tensor& qkv, const Kind& kind) {
  const auto& [heads, size, scale, form] = kind;
  const auto parts = qkv.view({1, qkv.size(0), 3, heads, size}).permute({2, 0, 3, 1, 4});
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, 0.0, false, scale)
      .transpose(1, 2)
      .reshape({qkv.size(0), heads * size});
}

bool agree(const at::Tensor& got, const at::Tensor& expected, LinearForm form) {
  // int8 is a form of products alone.
  if (form != LinearForm::kBfloat16) return got.allclose(expected, kTolerance, kTolerance);
  return at::cosine_similarity(got, expected, -1).min().item<double>() >= kMinCosine;
}

}  // namespace

std::string attention_fault(const Workbench& bench) {
  for (const Kind& kind : kinds_of(*bench.graph)) {
    const auto& [heads, size, scale, form] = kind;
    // Of its own: a load changes no random numbers of others, and gives the same on every run.
    const at::Generator random = at::detail::createCPUGenerator(1);
    std::vector<at::Tensor> texts, expected;
    std::vector<int32_t> offsets{0};
    for (const int64_t length : kLengths) {
      if (length > bench.max_length) break;
      texts.push_back(at::randn({length, 3 * heads * size}, random));
      expected.push_back(reference(texts.back(), kind));
      offsets.push_back(offsets.back() + static_cast<int32_t>(length));
    }
    const at::Tensor got = operators::attention(at::cat(texts), at::tensor(offsets, at::kInt),
                                                heads, size, scale, form);
    for (size_t i = 0; i < texts.size(); ++i) {
      const int64_t length = texts[i].size(0);
      if (!agree(got.narrow(0, offsets[i], length), expected[i], static_cast<LinearForm>(form)))
        return "attention differs for texts of " + std::to_string(length) + " tokens";
    }
  }
  return {};
}

}  // namespace sentence_torch
