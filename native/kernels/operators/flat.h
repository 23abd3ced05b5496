#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "kernels/operators/weights.h"

namespace sentence_torch::operators {

/// Texts end to end: the ids and positions of all tokens, and where each text starts: text i has
/// the tokens [offsets[i], offsets[i + 1]). int32.
using FlatTexts = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

/// A token's position is its index in its text; but if `skipped_id` is not negative, tokens of that
/// id have position 0 and the others count from 1, without them.
at::Tensor positions_of(const at::Tensor& ids, const at::Tensor& offsets, int64_t skipped_id);

/// The texts of a batch: token ids end to end, and how many each text has.
FlatTexts flat_texts(const std::vector<int32_t>& ids, const std::vector<int32_t>& lengths,
                     int64_t skipped_id);

/// Takes the padding out of a batch that is padded on the right.
FlatTexts unpad(const at::Tensor& input_ids, const at::Tensor& attention_mask, int64_t skipped_id);

/// The sum of the tables' rows, normalized: [tokens, size].
at::Tensor embed(const at::Tensor& ids, const at::Tensor& positions,
                 const c10::intrusive_ptr<Embedding>& embedding);

/// Each token attends to all tokens of its text. qkv: [tokens, 3 x heads x head_size].
at::Tensor attention(const at::Tensor& qkv, const at::Tensor& offsets, int64_t heads,
                     int64_t head_size, double scale, int64_t form);

/// The same on a padded batch: qkv [texts, width, 3 x heads x head_size]. The mask is that of
/// scaled_dot_product_attention, or the model's own input: [texts, width], 1 for a token.
at::Tensor masked_attention(const at::Tensor& qkv, const std::optional<at::Tensor>& mask,
                            int64_t heads, int64_t head_size, double scale);

/// Back into a rectangle, [texts, width, size], with zeros for padding.
at::Tensor pad(const at::Tensor& x, const at::Tensor& offsets, int64_t width);

/// One row for each text: the mean of its tokens' rows, or its first token's. Zeros for a text
/// without tokens.
at::Tensor mean_pool(const at::Tensor& x, const at::Tensor& offsets);
at::Tensor first_pool(const at::Tensor& x, const at::Tensor& offsets);

/// x / max(|x|, epsilon) for each row.
at::Tensor l2_normalize(const at::Tensor& x, double epsilon);

}  // namespace sentence_torch::operators
