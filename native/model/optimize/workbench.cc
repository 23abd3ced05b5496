#include "model/optimize/workbench.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace sentence_torch {
namespace {

std::optional<at::Tensor> join_biases(const std::vector<at::Tensor>& weights,
                                      const std::vector<std::optional<at::Tensor>>& biases) {
  if (std::none_of(biases.begin(), biases.end(), [](const auto& bias) { return bias; })) return {};
  std::vector<at::Tensor> parts;
  for (size_t i = 0; i < biases.size(); ++i) {
    parts.push_back(biases[i] ? *biases[i] : at::zeros({weights[i].size(0)}));
  }
  return at::cat(parts);
}

}  // namespace

c10::intrusive_ptr<Linear> Workbench::layer(const std::vector<at::Tensor>& weights,
                                            const std::vector<std::optional<at::Tensor>>& biases,
                                            Activation activation) {
  std::vector<const void*> addresses;
  for (const auto& weight : weights) addresses.push_back(weight.const_data_ptr());
  for (const auto& bias : biases) addresses.push_back(bias ? bias->const_data_ptr() : nullptr);
  auto& found = layers[{addresses, activation}];
  if (found) return found;
  const bool single = weights.size() == 1;
  found =
      c10::make_intrusive<Linear>(single ? weights[0] : at::cat(weights),
                                  single ? biases[0] : join_biases(weights, biases), activation);
  return found;
}

}  // namespace sentence_torch
