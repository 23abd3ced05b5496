#pragma once

#include <cstdint>

#include "kernels/linear.h"

namespace sentence_torch {

/// Layer normalization over the last dimension. Weight and bias may be null.
struct NormParameters {
  const float* weight;
  const float* bias;
  int64_t size;
  float epsilon;
};

/// y[i] = norm(x[i] + residual[i]) for each of `rows` contiguous rows; residual may be null. y may
/// be x or residual.
void add_norm(const float* x, const float* residual, int64_t rows, const NormParameters& norm,
              float* y);

/// Which rows of three tables are added for a token.
struct EmbeddingTables {
  const float* words;
  const float* positions;  // may be null
  const float* constant;   // one row, such as that of token type 0; may be null
  NormParameters norm;
};

/// y[t] = norm(words[ids[t]] + positions[position_ids[t]] + constant). Indices must be in range.
void embed(const EmbeddingTables& tables, const int32_t* ids, const int32_t* position_ids,
           int64_t tokens, float* y);

/// Self-attention of texts that lie end to end: text i has the tokens [offsets[i], offsets[i + 1]).
/// `qkv` holds for each token `heads` x `head_size` queries, as many keys and as many values;
/// `context` gets heads x head_size per token.
struct AttentionShape {
  int64_t heads;
  int64_t head_size;
  float scale;
};
void attention(const float* qkv, const int32_t* offsets, int64_t texts, const AttentionShape& shape,
               LinearForm form, float* context);

/// y[i] = the mean of the rows of text i (see attention()).
void mean_pool(const float* x, const int32_t* offsets, int64_t texts, int64_t size, float* y);

/// Divides each row by max(its L2 norm, epsilon), in place.
void l2_normalize(float* x, int64_t rows, int64_t size, float epsilon);

}  // namespace sentence_torch
