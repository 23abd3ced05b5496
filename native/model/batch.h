#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sentence_torch {

/// Where the embedding of one text goes: memory that JavaScript owns and keeps alive until the
/// batch is done.
struct Row {
  float* data;
  size_t length;  // at most the model's dimension; fewer values cut the embedding (Matryoshka)
};

/// Texts of one batch: token ids end to end, how many each text has, and where each embedding goes.
struct Batch {
  std::vector<int32_t> ids;
  std::vector<int32_t> lengths;
  std::vector<Row> rows;
};

}  // namespace sentence_torch
