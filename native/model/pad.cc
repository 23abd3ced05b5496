#include "model/pad.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace sentence_torch {

PaddedBatch pad(const Batch& batch, int64_t pad_token_id, bool pad_left) {
  const auto texts = static_cast<int64_t>(batch.lengths.size());
  // At least one column: a tokenizer without special tokens makes nothing of an empty text, and no
  // model takes width 0.
  const int64_t width = std::max(1, *std::max_element(batch.lengths.begin(), batch.lengths.end()));
  PaddedBatch padded{at::full({texts, width}, pad_token_id, at::kLong),
                     at::zeros({texts, width}, at::kLong)};
  auto* ids = padded.input_ids.mutable_data_ptr<int64_t>();
  auto* mask = padded.attention_mask.mutable_data_ptr<int64_t>();
  const int32_t* next = batch.ids.data();
  for (const int32_t length : batch.lengths) {
    const int64_t start = pad_left ? width - length : 0;
    std::copy_n(next, length, ids + start);
    std::fill_n(mask + start, length, 1);
    next += length;
    ids += width;
    mask += width;
  }
  return padded;
}

}  // namespace sentence_torch
