#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/isa.h"
#include "kernels/rows.h"

namespace sentence_torch {
namespace {

using testing::expect_near;
using testing::normal;

/// One head of one text, in double precision.
void plain_head(const float* qkv, int64_t tokens, const AttentionShape& shape, double* context) {
  const int64_t width = shape.heads * shape.head_size;
  std::vector<double> weights(static_cast<size_t>(tokens));
  for (int64_t i = 0; i < tokens; ++i) {
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < tokens; ++j) {
      double& weight = weights[static_cast<size_t>(j)];
      weight = 0;
      for (int64_t d = 0; d < shape.head_size; ++d) {
        weight += double{qkv[i * 3 * width + d]} * double{qkv[j * 3 * width + width + d]};
      }
      weight *= double{shape.scale};
      most = std::max(most, weight);
    }
    for (double& weight : weights) sum += weight = std::exp(weight - most);
    for (int64_t d = 0; d < shape.head_size; ++d) {
      double& out = context[i * width + d];
      out = 0;
      for (int64_t j = 0; j < tokens; ++j) {
        out += weights[static_cast<size_t>(j)] / sum * double{qkv[j * 3 * width + 2 * width + d]};
      }
    }
  }
}

std::vector<double> plain_attention(const std::vector<float>& qkv,
                                    const std::vector<int32_t>& offsets,
                                    const AttentionShape& shape) {
  const int64_t width = shape.heads * shape.head_size;
  std::vector<double> context(static_cast<size_t>(offsets.back() * width));
  for (size_t t = 0; t + 1 < offsets.size(); ++t) {
    for (int64_t head = 0; head < shape.heads; ++head) {
      plain_head(qkv.data() + offsets[t] * 3 * width + head * shape.head_size,
                 offsets[t + 1] - offsets[t], shape,
                 context.data() + offsets[t] * width + head * shape.head_size);
    }
  }
  return context;
}

void check(const std::vector<int32_t>& lengths, const AttentionShape& shape, float deviation,
           LinearForm form, double tolerance) {
  std::vector<int32_t> offsets{0};
  for (const int32_t length : lengths) offsets.push_back(offsets.back() + length);
  const int64_t width = shape.heads * shape.head_size, tokens = offsets.back();
  const auto qkv = normal(tokens * 3 * width, deviation, 21);
  std::vector<float> context(static_cast<size_t>(tokens * width), 77);
  attention(qkv.data(), offsets.data(), static_cast<int64_t>(lengths.size()), shape, form,
            context.data());
  expect_near(
      "attention, longest " + std::to_string(*std::max_element(lengths.begin(), lengths.end())) +
          ", head size " + std::to_string(shape.head_size) + ", form " +
          std::to_string(static_cast<int>(form)) + ", deviation " + std::to_string(deviation),
      context, plain_attention(qkv, offsets, shape), tolerance, static_cast<double>(deviation));
}

struct Float32 {
  LinearForm form;
  double tolerance;
};
constexpr Float32 kFloat32Forms[] = {{LinearForm::kFloat32, 5e-6},
                                     {LinearForm::kFloat32x2, 3e-5}};  // 16 bits of mantissa

float usual_scale(int64_t head_size) { return 1 / std::sqrt(static_cast<float>(head_size)); }

const std::vector<std::vector<int32_t>> kLengths{{1},
                                                 {0, 1, 0, 2, 3, 0},
                                                 {4, 5, 6, 7, 8},
                                                 {9, 11, 15, 16, 17},
                                                 {31, 32, 33},
                                                 {41, 48, 63},
                                                 {64, 65},
                                                 {255, 256, 257},
                                                 {513},
                                                 {1030}};

const testing::Test float32("attention: float32", [] {
  for (const auto& [form, tolerance] : kFloat32Forms) {
    for (const auto& lengths : kLengths) {
      for (const int64_t size : {8, 32, 64}) {
        check(lengths, {2, size, usual_scale(size)}, 1, form, tolerance);
      }
    }
  }
});

const testing::Test head_sizes("attention: head sizes of every tail", [] {
  std::vector<int64_t> sizes(40);
  std::iota(sizes.begin(), sizes.end(), 1);
  sizes.insert(sizes.end(), {80, 96, 128, 130});
  for (const int64_t size : sizes) {
    const AttentionShape shape{3, size, usual_scale(size)};
    for (const auto& [form, tolerance] : kFloat32Forms) {
      check({1, 19, 70}, shape, 1, form, tolerance);
    }
    check({1, 19, 70}, shape, 1, LinearForm::kBfloat16, 2e-2);
  }
});

const testing::Test bfloat16("attention: bfloat16 and int8", [] {
  for (const LinearForm form : {LinearForm::kBfloat16, LinearForm::kInt8}) {
    for (const auto& lengths : kLengths) {
      for (const int64_t size : {8, 32, 64}) {
        check(lengths, {2, size, usual_scale(size)}, 1, form, 2e-2);
      }
    }
  }
});

/// Scores of hundreds, where exp() alone overflows; the greatest wins nearly alone, so that small
/// relative errors of a score become large ones of its weight.
const testing::Test large("attention: large scores", [] {
  for (const auto& [form, tolerance] : kFloat32Forms) {
    for (const auto& lengths : kLengths) check(lengths, {2, 32, 1}, 8, form, 500 * tolerance);
  }
});

/// Keys beyond the first blocks take over: what was summed up before has to shrink.
const testing::Test growing("attention: maxima that grow", [] {
  const AttentionShape shape{1, 16, 1};
  const int32_t tokens = 700;
  auto qkv = normal(tokens * 48, 1, 22);
  for (int32_t t = 0; t < tokens; ++t) {
    for (int32_t d = 0; d < 16; ++d) qkv[static_cast<size_t>(t * 48 + d)] = 1;
    for (int32_t d = 16; d < 32; ++d) {
      qkv[static_cast<size_t>(t * 48 + d)] = static_cast<float>(t) / 64;
    }
  }
  const std::vector<int32_t> offsets{0, tokens};
  std::vector<float> context(tokens * 16);
  for (const auto& [form, tolerance] : kFloat32Forms) {
    attention(qkv.data(), offsets.data(), 1, shape, form, context.data());
    expect_near("growing maxima", context, plain_attention(qkv, offsets, shape), 20 * tolerance);
  }
});

const testing::Test nothing("attention: no texts", [] {
  const int32_t offset = 0;
  attention(nullptr, &offset, 0, {12, 32, 1}, LinearForm::kFloat32, nullptr);
  testing::expect("no texts", true);
});

const testing::Bench attention_bench("attention", [] {
  struct Case {
    int32_t texts, tokens;
  };
  for (const Case c : {Case{100, 5}, Case{45, 11}, Case{32, 16}, Case{24, 21}, Case{12, 41},
                       Case{8, 64}, Case{4, 128}, Case{2, 256}, Case{1, 512}}) {
    for (const int64_t size : {32, 64}) {
      std::vector<int32_t> offsets;
      for (int32_t i = 0; i <= c.texts; ++i) offsets.push_back(i * c.tokens);
      const auto qkv = normal(offsets.back() * 36 * size, 1, 23);
      std::vector<float> context(static_cast<size_t>(offsets.back() * 12 * size));
      const double work = 4.0 * 12 * c.texts * c.tokens * c.tokens * static_cast<double>(size);
      for (const LinearForm form : {LinearForm::kFloat32, LinearForm::kBfloat16}) {
        testing::measure("attention " + std::to_string(c.texts) + " x " + std::to_string(c.tokens) +
                             ", 12 heads x " + std::to_string(size) +
                             (form == LinearForm::kFloat32 ? " float32" : " bfloat16"),
                         work, "flop", [&] {
                           attention(qkv.data(), offsets.data(), c.texts,
                                     {12, size, usual_scale(size)}, form, context.data());
                         });
      }
    }
  }
});

}  // namespace
}  // namespace sentence_torch
