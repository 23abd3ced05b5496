#include "model/optimize/probe.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <algorithm>
#include <exception>

#include "kernels/operators/flat.h"

namespace sentence_torch {
namespace {

// A mask of so many tokens squared takes a quarter of a gigabyte, for a moment.
constexpr int64_t kLongest = 8192;
// Up to here also beside a shorter one, in a batch of two.
constexpr int64_t kLongestOfTwo = 1024;

GraphPtr cut(const GraphPtr& graph, const std::vector<torch::jit::Value*>& wanted,
             torch::jit::Value* free) {
  const size_t outputs = graph->outputs().size();
  torch::jit::Value* stand_in = free ? graph->addInput() : nullptr;
  if (free) free->replaceAllUsesWith(stand_in);
  for (auto* value : wanted) graph->registerOutput(value);
  GraphPtr part = graph->copy();
  // The graph is left as it was.
  while (graph->outputs().size() > outputs) graph->eraseOutput(graph->outputs().size() - 1);
  if (free) {
    stand_in->replaceAllUsesWith(free);
    graph->eraseInput(graph->inputs().size() - 1);
  }
  for (size_t i = 0; i < outputs; ++i) part->eraseOutput(0);
  torch::jit::EliminateDeadCode(part);
  return part;
}

bool holds_on_long(const Workbench& bench, const Slice& slice, const Claim& claim) {
  const int64_t length = bench.max_length;
  if (length > kLongest) return false;
  const bool two = length <= kLongestOfTwo;
  const ProbeBatch batch =
      make_probe(bench, two ? std::vector{length, length / 2 + 1} : std::vector{length});
  try {
    return claim(batch, slice.run(batch));
  } catch (const std::exception&) {
    return false;  // its positions do not reach as far as it says
  }
}

}  // namespace

std::vector<c10::IValue> ProbeBatch::inputs(size_t count) const {
  std::vector<c10::IValue> inputs{input_ids, attention_mask};
  if (count > 2) inputs.emplace_back(at::zeros_like(input_ids));
  return inputs;
}

std::vector<c10::IValue> ProbeBatch::flat_inputs(int64_t skipped_id) const {
  const auto [ids, positions, offsets] = operators::unpad(input_ids, attention_mask, skipped_id);
  return {ids, positions, offsets};
}

ProbeBatch make_probe(const Workbench& bench, std::vector<int64_t> lengths) {
  for (int64_t& length : lengths) length = std::min(length, bench.max_length);
  const int64_t width = std::max<int64_t>(1, *std::max_element(lengths.begin(), lengths.end()));
  const auto texts = static_cast<int64_t>(lengths.size());
  ProbeBatch batch{lengths, at::full({texts, width}, bench.pad_token_id, at::kLong),
                   at::zeros({texts, width}, at::kLong)};
  uint64_t random = 1;
  for (int64_t i = 0; i < texts; ++i) {
    auto* ids = batch.input_ids.mutable_data_ptr<int64_t>() + i * width;
    const int64_t length = lengths[static_cast<size_t>(i)];
    std::fill_n(batch.attention_mask.mutable_data_ptr<int64_t>() + i * width, length, 1);
    for (int64_t j = 0; j < length; ++j) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const auto id =
          static_cast<int64_t>((random >> 33) % static_cast<uint64_t>(bench.vocabulary));
      // One token in the middle of a text has the padding's id, as a user's '<pad>' would.
      const bool keep = id == bench.pad_token_id && bench.vocabulary > 1;
      ids[j] = j == 2 ? bench.pad_token_id : keep ? (id + 1) % bench.vocabulary : id;
    }
  }
  return batch;
}

Slice::Slice(const GraphPtr& graph, const std::vector<torch::jit::Value*>& wanted,
             torch::jit::Value* free)
    : code_(cut(graph, wanted, free), "slice"), own_inputs_(graph->inputs().size()) {}

std::vector<at::Tensor> Slice::run(const ProbeBatch& batch, const at::Tensor& free) const {
  auto stack = batch.inputs(own_inputs_);
  if (free.defined()) stack.emplace_back(free);
  torch::jit::InterpreterState(code_).run(stack);
  std::vector<at::Tensor> values;
  for (const auto& value : stack) values.push_back(value.toTensor());
  return values;
}

bool holds_on_probes(const Workbench& bench, const Slice& slice, const Claim& claim) {
  for (const std::vector<int64_t>& lengths : {std::vector<int64_t>{5, 3, 1, 4}, {3, 3}, {4}, {1}}) {
    const ProbeBatch batch = make_probe(bench, lengths);
    if (!claim(batch, slice.run(batch))) return false;
  }
  return holds_on_long(bench, slice, claim);
}

}  // namespace sentence_torch
