#pragma once

#include "kernels/generic/product.h"
#include "kernels/row_kernels.h"
#include "kernels/simd/vector_math.h"

namespace sentence_torch {
namespace {

/// Queries, keys and values of one head of one text.
struct Head {
  int64_t tokens;
  Rows<const float> queries, keys, values;
  Rows<float> context;
};

inline Head head_of(const AttentionBatch& batch, int64_t unit) {
  const AttentionShape& shape = batch.shape;
  const int64_t text = unit / shape.heads, column = unit % shape.heads * shape.head_size;
  const int64_t width = shape.heads * shape.head_size, first = batch.offsets[text];
  const float* queries = batch.qkv + first * 3 * width + column;
  return {batch.offsets[text + 1] - first,
          {queries, 3 * width},
          {queries + width, 3 * width},
          {queries + 2 * width, 3 * width},
          {batch.context + first * width + column, width}};
}

/// Asks the cache for a part of the next text, which lies behind this one, so that it is there when
/// all heads of this one are done: a head's rows lie too far apart for the processor to foresee.
template <typename V>
inline void prefetch_next_text(const AttentionBatch& batch, int64_t unit, int64_t end) {
  constexpr int64_t kLine = 16, kMost = 1 << 16;
  const AttentionShape& shape = batch.shape;
  const int64_t text = unit / shape.heads, head = unit % shape.heads;
  if ((text + 1) * shape.heads >= end) return;
  const int64_t row = 3 * shape.heads * shape.head_size;
  const float* next = batch.qkv + batch.offsets[text + 1] * row;
  const int64_t all = (batch.offsets[text + 2] - batch.offsets[text + 1]) * row;
  const int64_t size = all < kMost ? all : kMost;
  const int64_t last = size * (head + 1) / shape.heads;
  for (int64_t i = size * head / shape.heads; i < last; i += kLine) V::prefetch(next + i);
}

/// run_head(head) for units [begin, end).
template <typename V, typename RunHead>
inline void for_heads(const AttentionBatch& batch, int64_t begin, int64_t end,
                      const RunHead& run_head) {
  for (int64_t unit = begin; unit < end; ++unit) {
    prefetch_next_text<V>(batch, unit, end);
    run_head(head_of(batch, unit));
  }
}

/// The same by one of two: texts with fewer than `tokens` by `few`, others by `many`.
template <typename V, typename Few, typename Many>
inline void for_heads_by_length(const AttentionBatch& batch, int64_t begin, int64_t end,
                                int64_t tokens, Few& few, Many& many) {
  for_heads<V>(batch, begin, end, [&](const Head& head) {
    if (head.tokens < tokens) {
      few.run_head(head);
    } else {
      many.run_head(head);
    }
  });
}

/// How attention multiplies: float32 values, one term at a time.
template <typename V>
struct PlainTerms {
  using Factor = V;
  static constexpr int64_t kTerms = 1;
  static V exponential(V x) { return exp2(x); }
};

/// Attention with queries in the lanes: a block of scores has a row per key and a column per query,
/// so that the softmax needs no sum across lanes and no key is padding. Keys are taken kKeys at a
/// time; what was summed up is scaled when a greater maximum shows up.
///
/// Terms may multiply two values of each factor at a time (kTerms), which then stand side by side
/// in a lane: two components of a query or key, two keys' weights or values.
template <typename V, typename Terms = PlainTerms<V>>
class Attention {
 public:
  static int64_t scratch(int64_t tokens, int64_t head_size) {
    const int64_t padded = whole_vectors(head_size);
    return head_size * kQueries + kKeys * kQueries + kQueries * padded + 3 * kQueries +
           whole_vectors(tokens * key_stride(head_size)) + steps(tokens) * padded;
  }

  static void run(const AttentionBatch& batch, int64_t begin, int64_t end, float* scratch) {
    Attention attention(batch.shape, scratch);
    for_heads<V>(batch, begin, end, [&](const Head& head) { attention.run_head(head); });
  }

  Attention(const AttentionShape& shape, float* scratch)
      : head_size_(shape.head_size),
        padded_(whole_vectors(shape.head_size)),
        scale_(shape.scale * 1.44269504f),  // scores are exponents of 2
        queries_(scratch),
        weights_(queries_ + head_size_ * kQueries),
        sums_(weights_ + kKeys * kQueries),
        maximum_(sums_ + kQueries * padded_),
        divisor_(maximum_ + kQueries),
        factor_(divisor_ + kQueries),
        values_(factor_ + kQueries) {}

  void run_head(Head head) {
    if (kTerms > 1 || head.tokens > kFewTokens || padded_ != head_size_) {
      bring_keys_and_values(head);
    }
    for (int64_t q = 0; q < head.tokens; q += kQueries) {
      const int64_t left = head.tokens - q;
      run_queries(head, q, left < kQueries ? left : kQueries);
    }
  }

 private:
  using Factor = typename Terms::Factor;
  static constexpr int64_t kTerms = Terms::kTerms;
  static constexpr int64_t kWidth = V::kWidth;
  static constexpr int64_t kQueries = 2 * kWidth;
  using Lanes = FixedRows<float, kQueries>;
  static constexpr int64_t kKeys = 256;
  static constexpr int64_t kFewTokens = 32;  // texts that are not worth copying

  static int64_t whole_vectors(int64_t n) { return (n + kWidth - 1) / kWidth * kWidth; }

  static int64_t steps(int64_t values) { return (values + kTerms - 1) / kTerms; }
  static int64_t key_stride(int64_t head_size) {
    return kTerms == 1 ? head_size : whole_vectors(steps(head_size));
  }

  /// A token's keys and values are far from the next one's, often a multiple of the cache's period.
  void bring_keys_and_values(Head& head) {
    const Rows<float> values{values_, padded_};
    const Rows<float> keys{values.row(steps(head.tokens)), key_stride(head_size_)};
    if constexpr (kTerms > 1) {
      join_keys(head, keys);
      join_values(head, values);
    } else {
      copy(head, keys, values);
    }
    head.keys = {keys.data, keys.stride};
    head.values = {values.data, values.stride};
  }

  void copy(const Head& head, Rows<float> keys, Rows<float> values) const {
    for (int64_t t = 0; t < head.tokens; ++t) {
      for_vectors<V>(head_size_, [&](int64_t c, auto lanes, int) {
        V::load(head.keys.row(t) + c, lanes).store(keys.row(t) + c, lanes);
        V::load(head.values.row(t) + c, lanes).store(values.row(t) + c, All{});
      });
    }
  }

  void join_keys(const Head& head, Rows<float> keys) const {
    for (int64_t t = 0; t < head.tokens; ++t) {
      const float* key = head.keys.row(t);
      for (int64_t c = 0; c < head_size_; c += 2 * kWidth) {
        Terms::join_neighbours(padded(key, c), padded(key, c + kWidth))
            .store(keys.row(t) + c / 2, All{});
      }
    }
  }

  void join_values(const Head& head, Rows<float> values) const {
    for (int64_t t = 0; t < head.tokens; t += 2) {
      const bool alone = t + 1 == head.tokens;
      for (int64_t c = 0; c < padded_; c += kWidth) {
        const V next = alone ? V::set1(0) : padded(head.values.row(t + 1), c);
        Terms::join(padded(head.values.row(t), c), next).store(values.row(t / 2) + c, All{});
      }
    }
  }

  /// A vector of `row` from `column` on, with zeros beyond its end.
  V padded(const float* row, int64_t column) const {
    const int64_t left = head_size_ - column;
    if (left >= kWidth) return V::load(row + column, All{});
    return left > 0 ? V::load(row + column, First{left}) : V::set1(0);
  }

  /// Queries [first, first + count), at most kQueries.
  void run_queries(const Head& head, int64_t first, int64_t count) {
    const int64_t vectors = (count + kWidth - 1) / kWidth;
    for (int64_t v = 0; v < vectors; ++v) {
      transpose_queries(head.queries, first + v * kWidth, head.tokens, queries_ + v * kWidth);
      if constexpr (kTerms > 1) join_rows(queries_ + v * kWidth, head_size_);
    }
    for (int64_t k = 0; k < head.tokens; k += kKeys) {
      const int64_t keys = head.tokens - k < kKeys ? head.tokens - k : kKeys;
      product<Factor>(keys, vectors, head.keys.from_row(k), Lanes{queries_}, steps(head_size_),
                      false, Lanes{weights_});
      for (int64_t v = 0; v < vectors; ++v) exponentiate(keys, v * kWidth, k > 0);
      if (k > 0) scale_sums(count);
      product<Factor>(count, padded_ / kWidth, Transposed<Lanes>{{weights_}},
                      head.values.from_row(k / kTerms), steps(keys), k > 0,
                      Rows<float>{sums_, padded_});
    }
    for (int64_t i = 0; i < count; ++i) {
      const V share = V::set1(1 / divisor_[i]);
      for_vectors<V>(head_size_, [&](int64_t c, auto lanes, int) {
        const V sum = V::load(sums_ + i * padded_ + c, All{});
        (sum * share).store(head.context.row(first + i) + c, lanes);
      });
    }
  }

  /// Scaled queries into the lanes of `out`, a row per component. Lanes past the last query get
  /// that query again.
  void transpose_queries(Rows<const float> queries, int64_t first, int64_t tokens, float* out) {
    const float* rows[kWidth];
    for (int64_t i = 0; i < kWidth; ++i) {
      rows[i] = queries.row(first + i < tokens ? first + i : tokens - 1);
    }
    int64_t c = 0;
    if constexpr (kWidth >= 4) {
      for (; c + 4 <= head_size_; c += 4) {
        V quads[4];
        for (int i = 0; i < 4; ++i) quads[i] = V::load_quads(rows + i, c);
        V::transpose_quads(quads);
        for (int i = 0; i < 4; ++i) {
          (quads[i] * V::set1(scale_)).store(out + (c + i) * kQueries, All{});
        }
      }
    }
    for (; c < head_size_; ++c) {
      for (int64_t i = 0; i < kWidth; ++i) out[c * kQueries + i] = rows[i][c] * scale_;
    }
  }

  /// Rows of a vector each: two become one.
  static void join_rows(float* rows, int64_t count) {
    for (int64_t i = 0; i < count; i += 2) {
      const V next = i + 1 == count ? V::set1(0) : V::load(rows + (i + 1) * kQueries, All{});
      Terms::join(V::load(rows + i * kQueries, All{}), next).store(rows + i / 2 * kQueries, All{});
    }
  }

  /// Scores to weights, for a vector of queries: 2^(score - maximum). Updates maximum_ and
  /// divisor_; if there were keys before (`more`), factor_ is what their weights shrink by.
  void exponentiate(int64_t keys, int64_t column, bool more) {
    float* const scores = weights_ + column;
    const auto row = [scores](int64_t k) { return V::load(scores + k * kQueries, All{}); };
    V most[4] = {row(0), row(0), row(0), row(0)};
    int64_t k = 0;
    for (; k + 4 <= keys; k += 4) {
      for (int i = 0; i < 4; ++i) most[i] = V::max(most[i], row(k + i));
    }
    for (; k < keys; ++k) most[0] = V::max(most[0], row(k));
    V maximum = V::max(V::max(most[0], most[1]), V::max(most[2], most[3]));

    V sum = V::set1(0);
    if (more) {
      const V before = V::load(maximum_ + column, All{});
      maximum = V::max(before, maximum);
      const V factor = Terms::exponential(before - maximum);
      factor.store(factor_ + column, All{});
      sum = factor * V::load(divisor_ + column, All{});
    }
    for (k = 0; k < keys; ++k) {
      const V weight = Terms::exponential(row(k) - maximum);
      weight.store(scores + k * kQueries, All{});
      sum = sum + weight;
    }
    if constexpr (kTerms > 1) join_rows(scores, keys);
    maximum.store(maximum_ + column, All{});
    sum.store(divisor_ + column, All{});
  }

  void scale_sums(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if (factor_[i] == 1) continue;
      const V factor = V::set1(factor_[i]);
      for_vectors<V>(padded_, [&](int64_t c, auto lanes, int) {
        float* const sum = sums_ + i * padded_ + c;
        (V::load(sum, lanes) * factor).store(sum, lanes);
      });
    }
  }

  const int64_t head_size_, padded_;
  const float scale_;
  float *const queries_, *const weights_, *const sums_, *const maximum_, *const divisor_,
                                                                             *const factor_;
  float* const values_;
};

}  // namespace
}  // namespace sentence_torch
