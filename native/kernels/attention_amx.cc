#include <math.h>

#include "kernels/generic/attention.h"
#include "kernels/tiles_amx.h"

namespace sentence_torch {
namespace {

int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to; }

/// Attention with tiles: 16 queries against 32 keys at a time, kKeys per softmax (see Attention in
/// generic/attention.h, which it resembles but for having queries in rows). Keys and values of a
/// head are turned into tiles once.
template <int kParts>
class TileAttention {
 public:
  static int64_t scratch(int64_t tokens, int64_t head_size) {
    const int64_t steps = up(head_size, 32), blocks = up(tokens, 32);
    return kParts * kTile * (1 + steps + kKeys / 32 + 2 * blocks * steps + blocks * 2 * steps) +
           kKeys / 16 * kTile + 2 * steps * kTile;
  }

  TileAttention(const AttentionShape& shape, float* scratch)
      : head_size_(shape.head_size),
        steps_(up(shape.head_size, 32)),
        scale_(F32::set1(shape.scale * 1.44269504f)),
        rows_(scratch),
        queries_(rows_ + kParts * kTile),
        weights_(queries_ + steps_ * kParts * kTile),
        scores_(weights_ + kKeys / 32 * kParts * kTile),
        sums_(scores_ + kKeys / 16 * kTile),
        tiles_(sums_ + 2 * steps_ * kTile) {}

  void run_head(const Head& head) {
    keys_ = tiles_;
    values_ = keys_ + 2 * up(head.tokens, 32) * steps_ * kParts * kTile;
    for (int64_t k = 0; k < head.tokens; k += 16) pack_keys(head, k);
    for (int64_t k = 0; k < head.tokens; k += 32) pack_values(head, k);
    for (int64_t q = 0; q < head.tokens; q += 16) {
      run_queries(head, q, head.tokens - q < 16 ? head.tokens - q : 16);
    }
  }

 private:
  static constexpr int64_t kKeys = 256;

  float* key_tiles(int64_t key, int64_t step) const {
    return keys_ + (key / 16 * steps_ + step) * kParts * kTile;
  }
  float* value_tiles(int64_t key, int64_t column) const {
    return values_ + (key / 32 * 2 * steps_ + column / 16) * kParts * kTile;
  }

  /// Sixteen keys, a column each.
  void pack_keys(const Head& head, int64_t first) {
    for (int64_t step = 0; step < steps_; ++step) {
      for (int64_t i = 0; i < 16; ++i) {
        const int64_t size = first + i < head.tokens ? head_size_ : 0;
        const float* key = head.keys.row(first + i);
        store_row(pairs_of<kParts>(load_padded(key, step * 32, size),
                                   load_padded(key, step * 32 + 16, size)),
                  rows_, i);
      }
      for (int part = 0; part < kParts; ++part) {
        transpose_tile(rows_ + part * kTile, key_tiles(first, step) + part * kTile);
      }
    }
  }

  /// Values of 32 keys: a pair is of one component and two keys.
  void pack_values(const Head& head, int64_t first) {
    for (int64_t i = 0; i < 16; ++i) {
      const float *a = head.values.row(first + i), *b = head.values.row(first + 16 + i);
      const int64_t a_size = first + i < head.tokens ? head_size_ : 0;
      const int64_t b_size = first + 16 + i < head.tokens ? head_size_ : 0;
      for (int64_t c = 0; c < 32 * steps_; c += 16) {
        store_row(pairs_of<kParts>(load_padded(a, c, a_size), load_padded(b, c, b_size)),
                  value_tiles(first, c), i);
      }
    }
  }

  void pack_queries(const Head& head, int64_t first, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const float* query = head.queries.row(first + i);
      for (int64_t step = 0; step < steps_; ++step) {
        store_row(pairs_of<kParts>(load_padded(query, step * 32, head_size_) * scale_,
                                   load_padded(query, step * 32 + 16, head_size_) * scale_),
                  queries_ + step * kParts * kTile, i);
      }
    }
  }

  /// Queries [first, first + count), at most 16.
  void run_queries(const Head& head, int64_t first, int64_t count) {
    pack_queries(head, first, count);
    for (int64_t k = 0; k < head.tokens; k += kKeys) {
      const int64_t keys = head.tokens - k < kKeys ? head.tokens - k : kKeys;
      for (int64_t i = 0; i < keys; i += 32) score(k + i, scores_ + i / 16 * kTile);
      exponentiate(count, keys, k > 0);
      for (int64_t c = 0; c < head_size_; c += 32) add_values(k, keys, c);
    }
    for (int64_t i = 0; i < count; ++i) {
      const F32 share = F32::set1(1 / divisor_[i]);
      for_vectors<F32>(head_size_, [&](int64_t c, auto lanes, int) {
        const F32 sum = F32::load(sums_ + c / 16 * kTile + i * 16, All{});
        (sum * share).store(head.context.row(first + i) + c, lanes);
      });
    }
  }

  void score(int64_t key, float* out) {
    _tile_zero(0);
    _tile_zero(1);
    for (int64_t step = 0; step < steps_; ++step) {
      add_products<kParts>(queries_ + step * kParts * kTile, key_tiles(key, step),
                           key_tiles(key + 16, step));
    }
    _tile_stored(0, out, 64);
    _tile_stored(1, out + kTile, 64);
  }

  void add_values(int64_t first, int64_t keys, int64_t column) {
    float* const out = sums_ + column / 16 * kTile;
    if (first == 0) {
      _tile_zero(0);
      _tile_zero(1);
    } else {
      _tile_loadd(0, out, 64);
      _tile_loadd(1, out + kTile, 64);
    }
    for (int64_t k = 0; k < keys; k += 32) {
      add_products<kParts>(weights_ + k / 32 * kParts * kTile, value_tiles(first + k, column),
                           value_tiles(first + k, column + 16));
    }
    _tile_stored(0, out, 64);
    _tile_stored(1, out + kTile, 64);
  }

  /// 2^x for x <= 0, as exactly as the weights are kept.
  static F32 power(F32 x) { return kParts == 2 ? exp2(x) : exp2_13_bits(x); }

  /// Scores of `count` queries to weights.
  void exponentiate(int64_t count, int64_t keys, bool more) {
    for (int64_t i = 0; i < count; ++i)
      maximum_of_lanes(scores_ + i * 16, keys).store(rows_ + i * 16, All{});
    F32 maximum = across_lanes(rows_, [](F32 x, F32 y) { return F32::max(x, y); }),
        before = F32::set1(0);
    if (more) {
      const F32 old = F32::load(maximum_, All{});
      maximum = F32::max(maximum, old);
      const F32 factor = power(old - maximum);
      factor.store(factor_, All{});
      before = F32::load(divisor_, All{}) * factor;
    }
    maximum.store(maximum_, All{});
    for (int64_t i = 0; i < count; ++i) weigh(i, keys).store(rows_ + i * 16, All{});
    const F32 sum = across_lanes(rows_, [](F32 x, F32 y) { return x + y; });
    (before + sum).store(divisor_, All{});
    if (more) shrink_sums(count);
  }

  static F32 maximum_of_lanes(const float* scores, int64_t keys) {
    const int64_t whole = keys / 16, rest = keys % 16;
    F32 most = F32::set1(-INFINITY);
    for (int64_t g = 0; g < whole; ++g) {
      most = F32::max(most, F32::load(scores + g * kTile, All{}));
    }
    if (rest == 0) return most;
    const __mmask16 lanes = static_cast<__mmask16>((1 << rest) - 1);
    return {_mm512_mask_max_ps(most.v, lanes, most.v, _mm512_loadu_ps(scores + whole * kTile))};
  }

  /// Scores of query i to weights. Returns their sum, lane by lane.
  F32 weigh(int64_t i, int64_t keys) {
    const F32 maximum = F32::set1(maximum_[i]);
    const auto weight = [&](int64_t key) {
      return power(F32::load(scores_ + (key + i) * 16, All{}) - maximum);
    };
    float* weights = weights_ + i * 16;
    F32 sum = F32::set1(0);
    int64_t key = 0;
    for (; key + 32 <= keys; key += 32, weights += kParts * kTile) {
      const F32 a = weight(key), b = weight(key + 16);
      store_row(pairs_of<kParts>(a, b), weights, 0);
      sum = sum + (a + b);
    }
    const int64_t rest = keys - key;
    if (rest == 0) return sum;
    const F32 a = rest < 16 ? weight(key).only(First{rest}) : weight(key);
    const F32 b = rest > 16 ? weight(key + 16).only(First{rest - 16}) : F32::set1(0);
    store_row(pairs_of<kParts>(a, b), weights, 0);
    return sum + (a + b);
  }

  /// A greater maximum showed up: what was summed up is worth less.
  void shrink_sums(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      const F32 factor = F32::set1(factor_[i]);
      for (int64_t c = 0; c < head_size_; c += 16) {
        float* const sum = sums_ + c / 16 * kTile + i * 16;
        (F32::load(sum, All{}) * factor).store(sum, All{});
      }
    }
  }

  const int64_t head_size_, steps_;
  const F32 scale_;
  float *const rows_, *const queries_, *const weights_, *const scores_, *const sums_, *const tiles_;
  float *keys_ = nullptr, *values_ = nullptr;
  alignas(64) float maximum_[16], divisor_[16], factor_[16];
};

/// Texts from this length on are faster with tiles, which take time to fill: measured for heads of
/// 32 and 64. Below, vectors compute in float32 whatever the form.
template <int kParts>
constexpr int64_t kTokensForTiles = kParts == 1 ? 17 : 48;

template <int kParts>
void run_parts(const AttentionBatch& batch, int64_t begin, int64_t end, float* scratch) {
  const TileRegisters registers;
  TileAttention<kParts> tiles(batch.shape, scratch);
  Attention<F32> vectors(batch.shape, scratch);
  for_heads_by_length<F32>(batch, begin, end, kTokensForTiles<kParts>, vectors, tiles);
}

int64_t scratch(int64_t tokens, int64_t head_size) {
  const int64_t tiles = TileAttention<2>::scratch(tokens, head_size);
  const int64_t vectors = Attention<F32>::scratch(tokens, head_size);
  return tiles > vectors ? tiles : vectors;
}

void run(const AttentionBatch& batch, int64_t begin, int64_t end, float* scratch) {
  switch (batch.form) {
    case LinearForm::kFloat32:
      return avx512_kernels.attention.run(batch, begin, end, scratch);
    case LinearForm::kFloat32x2:
      return run_parts<2>(batch, begin, end, scratch);
    case LinearForm::kBfloat16:
    case LinearForm::kInt8:
      return run_parts<1>(batch, begin, end, scratch);
  }
}

}  // namespace

const AttentionKernel amx_attention = {scratch, run};

}  // namespace sentence_torch
