#include "kernels/operators/flat.h"

#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <numeric>

#include "kernels/operators/tensors.h"

namespace sentence_torch::operators {
namespace {

int64_t text_count(const at::Tensor& offsets) { return offsets.numel() - 1; }

/// The rows of the texts' tokens, end to end.
at::Tensor token_rows(const at::Tensor& x, const at::Tensor& offsets, int64_t size) {
  const int64_t tokens = offsets.const_data_ptr<int32_t>()[text_count(offsets)];
  TORCH_CHECK(x.dim() == 2 && x.size(0) == tokens, "expected the rows of ", tokens, " tokens, got ",
              x.sizes());
  return float_rows(x, size);
}

void check_indices(const at::Tensor& indices, int64_t count, const char* what) {
  const auto* values = indices.const_data_ptr<int32_t>();
  for (int64_t i = 0; i < indices.numel(); ++i) {
    TORCH_CHECK_INDEX(values[i] >= 0 && values[i] < count, what, " ", values[i],
                      " is out of range: the model has ", count);
  }
}

at::Tensor first_lengths(const at::Tensor& mask) {
  const int64_t texts = mask.size(0);
  at::Tensor offsets = at::empty({texts + 1}, at::kInt);
  auto* offset = offsets.mutable_data_ptr<int32_t>();
  const auto* row = mask.const_data_ptr<int64_t>();
  offset[0] = 0;
  for (int64_t i = 0; i < texts; ++i, row += mask.size(1)) {
    const auto* end = row + mask.size(1);
    offset[i + 1] = offset[i] + static_cast<int32_t>(std::find(row, end, 0) - row);
  }
  return offsets;
}

}  // namespace

at::Tensor positions_of(const at::Tensor& ids, const at::Tensor& offsets, int64_t skipped_id) {
  at::Tensor positions = at::empty(ids.sizes(), at::kInt);
  const auto* id = ids.const_data_ptr<int32_t>();
  const auto* offset = offsets.const_data_ptr<int32_t>();
  auto* position = positions.mutable_data_ptr<int32_t>();
  for (int64_t text = 0; text < text_count(offsets); ++text) {
    int32_t next = skipped_id < 0 ? 0 : 1;
    for (int32_t i = offset[text]; i < offset[text + 1]; ++i) {
      position[i] = skipped_id >= 0 && id[i] == skipped_id ? 0 : next++;
    }
  }
  return positions;
}

FlatTexts flat_texts(const std::vector<int32_t>& ids, const std::vector<int32_t>& lengths,
                     int64_t skipped_id) {
  const at::Tensor tokens = at::empty({static_cast<int64_t>(ids.size())}, at::kInt);
  std::copy(ids.begin(), ids.end(), tokens.mutable_data_ptr<int32_t>());
  const at::Tensor offsets = at::zeros({static_cast<int64_t>(lengths.size()) + 1}, at::kInt);
  std::partial_sum(lengths.begin(), lengths.end(), offsets.mutable_data_ptr<int32_t>() + 1);
  return {tokens, positions_of(tokens, offsets, skipped_id), offsets};
}

FlatTexts unpad(const at::Tensor& input_ids, const at::Tensor& attention_mask, int64_t skipped_id) {
  const at::Tensor padded = input_ids.to(at::kLong).contiguous();
  const at::Tensor offsets = first_lengths(attention_mask.to(at::kLong).contiguous());
  const auto* offset = offsets.const_data_ptr<int32_t>();
  const int64_t texts = text_count(offsets);
  at::Tensor ids = at::empty({offset[texts]}, at::kInt);
  auto* id = ids.mutable_data_ptr<int32_t>();
  const auto* row = padded.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < texts; ++i, row += padded.size(1)) {
    for (int64_t j = 0; j < offset[i + 1] - offset[i]; ++j) *id++ = static_cast<int32_t>(row[j]);
  }
  return {ids, positions_of(ids, offsets, skipped_id), offsets};
}

at::Tensor embed(const at::Tensor& ids, const at::Tensor& positions,
                 const c10::intrusive_ptr<Embedding>& embedding) {
  check_indices(ids, embedding->words(), "token id");
  if (const auto count = embedding->positions()) check_indices(positions, *count, "position");
  at::Tensor y = at::empty({ids.numel(), embedding->size()}, at::kFloat);
  sentence_torch::embed(embedding->tables(), ids.const_data_ptr<int32_t>(),
                        positions.const_data_ptr<int32_t>(), ids.numel(),
                        y.mutable_data_ptr<float>());
  return y;
}

at::Tensor attention(const at::Tensor& qkv, const at::Tensor& offsets, int64_t heads,
                     int64_t head_size, double scale, int64_t form) {
  const at::Tensor rows = token_rows(qkv, offsets, 3 * heads * head_size);
  at::Tensor context = like_rows(rows, heads * head_size);
  sentence_torch::attention(rows.const_data_ptr<float>(), offsets.const_data_ptr<int32_t>(),
                            text_count(offsets), {heads, head_size, static_cast<float>(scale)},
                            static_cast<LinearForm>(form), context.mutable_data_ptr<float>());
  return context;
}

at::Tensor masked_attention(const at::Tensor& qkv, const std::optional<at::Tensor>& mask,
                            int64_t heads, int64_t head_size, double scale) {
  const int64_t texts = qkv.size(0);
  const int64_t width = qkv.size(1);
  const auto parts = qkv.view({texts, width, 3, heads, head_size}).permute({2, 0, 3, 1, 4});
  std::optional<at::Tensor> visible = mask;
  if (mask && mask->dim() == 2) visible = mask->to(at::kBool).unsqueeze(1).unsqueeze(1);
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2], visible, 0.0, false, scale)
      .transpose(1, 2)
      .reshape({texts, width, heads * head_size});
}

at::Tensor pad(const at::Tensor& x, const at::Tensor& offsets, int64_t width) {
  const int64_t size = x.size(-1);
  const at::Tensor rows = token_rows(x, offsets, size);
  at::Tensor y = at::zeros({text_count(offsets), width, size}, at::kFloat);
  const auto* offset = offsets.const_data_ptr<int32_t>();
  const auto* source = rows.const_data_ptr<float>();
  for (int64_t i = 0; i < text_count(offsets); ++i) {
    std::copy(source + offset[i] * size, source + offset[i + 1] * size,
              y.mutable_data_ptr<float>() + i * width * size);
  }
  return y;
}

at::Tensor mean_pool(const at::Tensor& x, const at::Tensor& offsets) {
  const int64_t size = x.size(-1);
  const at::Tensor rows = token_rows(x, offsets, size);
  at::Tensor y = at::empty({text_count(offsets), size}, at::kFloat);
  sentence_torch::mean_pool(rows.const_data_ptr<float>(), offsets.const_data_ptr<int32_t>(),
                            text_count(offsets), size, y.mutable_data_ptr<float>());
  return y;
}

at::Tensor first_pool(const at::Tensor& x, const at::Tensor& offsets) {
  const int64_t size = x.size(-1);
  const at::Tensor rows = token_rows(x, offsets, size);
  at::Tensor y = at::zeros({text_count(offsets), size}, at::kFloat);
  const auto* offset = offsets.const_data_ptr<int32_t>();
  const auto* source = rows.const_data_ptr<float>();
  for (int64_t i = 0; i < text_count(offsets); ++i) {
    if (offset[i] == offset[i + 1]) continue;
    std::copy_n(source + offset[i] * size, size, y.mutable_data_ptr<float>() + i * size);
  }
  return y;
}

at::Tensor l2_normalize(const at::Tensor& x, double epsilon) {
  at::Tensor y = float_rows(x, x.size(-1)).clone();
  sentence_torch::l2_normalize(y.mutable_data_ptr<float>(), row_count(y), y.size(-1),
                               static_cast<float>(epsilon));
  return y;
}

}  // namespace sentence_torch::operators
