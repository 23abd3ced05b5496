#pragma once

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/custom_class.h>

#include <optional>
#include <vector>

namespace sentence_torch {

using torch::jit::Node;
using torch::jit::Value;

/// Whether the node is the operator `name`, such as 'aten::add'.
bool is(const Node* node, const char* name);

/// The nodes of the graph's outer block that are the operator `name`: a copy, so that the graph
/// can be changed while going through it.
std::vector<Node*> nodes_of(torch::jit::Graph& graph, const char* name);

/// The constant that the value is, if it is one of that type.
std::optional<bool> constant_bool(const Value* value);
std::optional<int64_t> constant_int(const Value* value);
std::optional<double> constant_double(const Value* value);
/// Only float32.
std::optional<at::Tensor> constant_tensor(const Value* value);
bool is_none(const Value* value);

/// What a layer with constant weights computes with.
struct LayerWeights {
  at::Tensor weight;               // [outputs, inputs], neither of them 0
  std::optional<at::Tensor> bias;  // [outputs]
};

/// The weights of an aten::linear, if they are constant and of the usual shapes.
std::optional<LayerWeights> layer_weights(const Node* node);

/// Whether the value is none, or a constant tensor of `size` values, which goes into `vector`.
bool constant_vector_or_none(const Value* value, int64_t size, std::optional<at::Tensor>& vector);

/// x + y of two tensors, not scaled.
bool is_sum(const Node* node);

bool is_tensor(const Value* value);

/// Whether the value is a number, or a tensor of one: it is the same for all it is combined with.
bool is_scalar(const Value* value);

/// How many values a row of a layer's, a norm's, or their sum's output has.
std::optional<int64_t> row_size(const Value* value);

/// Inserts a node of one tensor output before `where`.
Value* insert(Node* where, const char* name, at::ArrayRef<Value*> inputs);

template <typename T>
Value* insert_constant(Node* where, T&& value) {
  const torch::jit::WithInsertPoint guard(where);
  return where->owningGraph()->insertConstant(std::forward<T>(value));
}

/// Our weights as a constant of the graph, and back.
template <typename T>
Value* insert_weights(Node* where, const c10::intrusive_ptr<T>& weights) {
  return insert_constant(where, c10::IValue(weights));
}
template <typename T>
c10::intrusive_ptr<T> weights_of(const Value* value) {
  return torch::jit::toIValue(value)->toCustomClass<T>();
}

}  // namespace sentence_torch
