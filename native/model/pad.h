#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/batch.h"

namespace sentence_torch {

/// A batch as the model takes it: int64 [texts, longest], on the CPU.
struct PaddedBatch {
  at::Tensor input_ids;
  at::Tensor attention_mask;
};

/// Lays the texts out as a rectangle as wide as the longest, padded on the side the tokenizer pads.
PaddedBatch pad(const Batch& batch, int64_t pad_token_id, bool pad_left);

}  // namespace sentence_torch
