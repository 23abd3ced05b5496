#pragma once

#include <optional>

#include "model/optimize/workbench.h"

namespace sentence_torch {

/// Where a graph turns token ids into the encoder's input.
struct EmbeddingMatch {
  torch::jit::Node* node;  // the norm or add_norm that ends it
  c10::intrusive_ptr<Embedding> embedding;
  int64_t skipped_id;  // see operators::unpad
};

/// Finds a normalized sum of rows: those of the tokens, of their positions, and any that are the
/// same for all tokens.
std::optional<EmbeddingMatch> find_embedding(const Workbench& bench);

}  // namespace sentence_torch
