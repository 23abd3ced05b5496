#include "kernels/generic/attention.h"
#include "kernels/simd/avx512.h"

namespace sentence_torch {
namespace {

/// Sixteen pairs of bfloat16 values, or what their products sum up to: float32.
struct Pairs {
  static constexpr int kWidth = F32::kWidth;
  static constexpr int kProductRows = F32::kProductRows;

  __m512 v;

  static Pairs set1(float x) { return {_mm512_set1_ps(x)}; }
  static Pairs load(const float* p, All) { return {_mm512_loadu_ps(p)}; }
  void store(float* p, All) const { _mm512_storeu_ps(p, v); }
  static Pairs fma(Pairs a, Pairs b, Pairs c) {
    return {
        _mm512_dpbf16_ps(c.v, reinterpret_cast<__m512bh>(a.v), reinterpret_cast<__m512bh>(b.v))};
  }
};

struct PairTerms {
  using Factor = Pairs;
  static constexpr int64_t kTerms = 2;

  static F32 exponential(F32 x) { return exp2_13_bits(x); }

  /// Values 0 and 1 of `a` in lane 0, and so on; then those of `b`.
  static F32 join_neighbours(F32 a, F32 b) {
    return {reinterpret_cast<__m512>(_mm512_cvtne2ps_pbh(b.v, a.v))};
  }

  /// The values 0 of `a` and `b` in lane 0, and so on.
  static F32 join(F32 a, F32 b) {
    alignas(64) static constexpr uint16_t kOrder[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                        21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                        11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return {_mm512_castsi512_ps(_mm512_permutexvar_epi16(
        _mm512_load_si512(kOrder), _mm512_castps_si512(join_neighbours(a, b).v)))};
  }
};

using PairAttention = Attention<F32, PairTerms>;

int64_t scratch(int64_t tokens, int64_t head_size) {
  const int64_t pairs = PairAttention::scratch(tokens, head_size);
  const int64_t plain = avx512_kernels.attention.scratch(tokens, head_size);
  return pairs > plain ? pairs : plain;
}

/// Texts from this length on are faster with pairs, which take time to join: measured for heads of
/// 32 and 64. Below, they are computed in float32 whatever the form.
constexpr int64_t kTokensForPairs = 16;

void run(const AttentionBatch& batch, int64_t begin, int64_t end, float* scratch) {
  if (batch.form != LinearForm::kBfloat16 && batch.form != LinearForm::kInt8) {
    return avx512_kernels.attention.run(batch, begin, end, scratch);
  }
  PairAttention pairs(batch.shape, scratch);
  Attention<F32> plain(batch.shape, scratch);
  for_heads_by_length<F32>(batch, begin, end, kTokensForPairs, plain, pairs);
}

}  // namespace

const AttentionKernel avx512_bfloat16_attention = {scratch, run};

}  // namespace sentence_torch
