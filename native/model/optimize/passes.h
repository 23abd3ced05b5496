#pragma once

#include <array>

#include "model/optimize/workbench.h"

namespace sentence_torch {

/// Each pass rewrites what it recognises in bench.graph, leaves the rest alone, and returns how
/// often it did. What it leaves behind unused is removed by the caller.
namespace passes {

/// Three linear layers into scaled_dot_product_attention, with the views around them:
/// linear + masked_attention. Where the mask is the padding's, the model's own input takes its
/// place.
int qkv(Workbench& bench);

/// aten::linear of constant weights: linear.
int linear(Workbench& bench);

/// An activation behind a linear layer becomes part of it.
int activation(Workbench& bench);

/// layer_norm: norm, or add_norm where its input is a sum.
int add_norm(Workbench& bench);

/// add_norm of a linear layer: linear_add_norm.
int linear_add_norm(Workbench& bench);

/// linear_add_norm of a linear layer: feed_forward.
int feed_forward(Workbench& bench);

/// From the token ids to the last hidden state, tokens end to end instead of a padded rectangle.
int unpad(Workbench& bench);

/// Mean and first-token pooling, and L2 normalization, without the rectangle.
int pool(Workbench& bench);

}  // namespace passes

/// Not a rewrite, but can be disabled like one: float32 products in a faster form (LinearForm).
inline constexpr const char* kFloat32x2Pass = "float32x2";

struct Pass {
  const char* name;
  int (*run)(Workbench&);
};

/// In the order in which they run.
inline constexpr std::array<Pass, 8> kPasses{{
    {"qkv", passes::qkv},
    {"linear", passes::linear},
    {"activation", passes::activation},
    {"add-norm", passes::add_norm},
    {"linear-add-norm", passes::linear_add_norm},
    {"feed-forward", passes::feed_forward},
    {"unpad", passes::unpad},
    {"pool", passes::pool},
}};

}  // namespace sentence_torch
