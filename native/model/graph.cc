#include "model/graph.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/passes/remove_mutation.h>

#include <functional>
#include <set>
#include <string>
#include <unordered_set>

#include "runtime/failure.h"

namespace sentence_torch {
namespace {

using torch::jit::Block;
using torch::jit::Node;

constexpr size_t kMaxNodes = 1'000'000;

void for_each_node(Block* block, const std::function<void(Node*)>& visit) {
  for (Node* node : block->nodes()) {
    visit(node);
    for (Block* inner : node->blocks()) for_each_node(inner, visit);
  }
}

// What sentence models are made of: tensor operators that stay within their tensors' bounds, and
// control flow. A list of what is allowed, since among the two thousand others are those that reach
// files, foreign memory and the terminal.
bool is_allowed(const Node& node) {
  static const std::unordered_set<std::string> kAllowed{
#include "model/operators.inc"
  };
  return kAllowed.contains(node.kind().toQualString());
}

}  // namespace

void verify_operators(const torch::jit::Module& module) {
  std::set<std::string> refused;
  size_t nodes = 0;
  // forward is all that ever runs, and inlined it holds everything it can reach. It stays inlined:
  // freezing would have to do it again.
  const auto graph = module.get_method("forward").graph();
  torch::jit::Inline(*graph);
  for_each_node(graph->block(), [&](Node* node) {
    if (++nodes > kMaxNodes)
      throw Failure("ST_MODEL_REFUSED", "model.pt has over a million operators.");
    if (!is_allowed(*node)) refused.insert(node->kind().toQualString());
  });
  if (refused.empty()) return;
  std::string names;
  for (const auto& name : refused) names += (names.empty() ? "" : ", ") + name;
  throw Failure(
      "ST_MODEL_REFUSED",
      "model.pt uses operators that are not on the list of those that sentence models need "
      "(native/model/operators.inc): " +
          names + ". Export it from a source you trust with `npm run export`.");
}

void retarget_devices(torch::jit::Graph& graph, c10::Device device) {
  std::vector<Node*> constants;
  for_each_node(graph.block(), [&](Node* node) {
    if (node->kind() != torch::jit::prim::Constant) return;
    const auto value = torch::jit::toIValue(node->output());
    if (value && value->isDevice() && value->toDevice().is_cpu()) constants.push_back(node);
  });
  for (Node* node : constants) {
    const torch::jit::WithInsertPoint guard(node);
    node->output()->replaceAllUsesWith(graph.insertConstant(device));
    node->destroy();
  }
}

void forget_functions(torch::jit::Graph& graph) {
  // Never destroyed, as the graphs that point to it may not be either.
  static auto* forward =
      new torch::jit::GraphFunction("forward", std::make_shared<torch::jit::Graph>(), nullptr);
  for_each_node(graph.block(), [](Node* node) {
    if (!node->callstack()) return;
    node->setCallStack(
        c10::make_intrusive<torch::jit::InlinedCallStack>(forward, node->sourceRange()));
  });
}

void fold_constants(std::shared_ptr<torch::jit::Graph>& graph) {
  torch::jit::RemoveTensorMutation(graph);
  torch::jit::ConstantPropagation(graph, /*ignore_custom_classes=*/true);
}

}  // namespace sentence_torch
