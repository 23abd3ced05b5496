#include "kernels/rows.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/row_kernels.h"

namespace sentence_torch {
namespace {

using testing::expect_near;
using testing::normal;

constexpr int64_t kSizes[] = {1,  2,  3,  4,  5,  7,  8,  9,  11,  13,  15, 16,
                              17, 31, 33, 63, 65, 79, 96, 97, 384, 385, 768};

/// norm of each row of x, in double precision.
std::vector<double> plain_norm(const std::vector<double>& x, const NormParameters& norm) {
  std::vector<double> y(x.size());
  const size_t size = static_cast<size_t>(norm.size);
  for (size_t r = 0; r < x.size(); r += size) {
    double mean = 0, variance = 0;
    for (size_t c = 0; c < size; ++c) mean += x[r + c] / static_cast<double>(size);
    for (size_t c = 0; c < size; ++c) {
      variance += (x[r + c] - mean) * (x[r + c] - mean) / static_cast<double>(size);
    }
    for (size_t c = 0; c < size; ++c) {
      const double d = (x[r + c] - mean) / std::sqrt(variance + double{norm.epsilon});
      y[r + c] = d * (norm.weight == nullptr ? 1.0 : double{norm.weight[c]}) +
                 (norm.bias == nullptr ? 0.0 : double{norm.bias[c]});
    }
  }
  return y;
}

const testing::Test add_norm_test("add_norm", [] {
  for (const int64_t size : kSizes) {
    for (const int64_t rows : {0, 1, 3}) {
      const auto x = normal(rows * size, 3, 1), residual = normal(rows * size, 2, 2);
      const auto weight = normal(size, 1, 3), bias = normal(size, 1, 4);
      std::vector<double> sum(x.begin(), x.end());
      const NormParameters bare{nullptr, nullptr, size, 1e-5f};
      auto y = x;
      add_norm(y.data(), nullptr, rows, bare, y.data());
      expect_near("norm " + std::to_string(size), y, plain_norm(sum, bare), 5e-6);

      for (size_t i = 0; i < sum.size(); ++i) sum[i] += double{residual[i]};
      const NormParameters norm{weight.data(), bias.data(), size, 1e-12f};
      y = residual;
      add_norm(x.data(), y.data(), rows, norm, y.data());
      expect_near("add_norm " + std::to_string(size), y, plain_norm(sum, norm),
                  size < 4 ? 1e-4 : 1e-5);  // two values may all but cancel
    }
  }
});

double plain_activation(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return x < -40 ? 0 : x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case Activation::kGeluTanh:
      return x / (1 + std::exp(-2 * 0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return NAN;
}

constexpr Activation kActivations[] = {Activation::kNone, Activation::kGelu, Activation::kGeluTanh,
                                       Activation::kRelu, Activation::kSilu, Activation::kSigmoid,
                                       Activation::kTanh};

const testing::Test activation_shapes("bias_activation: shapes and strides", [] {
  for (const Activation activation : kActivations) {
    for (const int64_t columns : kSizes) {
      const int64_t rows = 3, x_stride = columns + 5, y_stride = columns + 2;
      const auto x = normal(rows * x_stride, 3, 5), bias = normal(columns, 1, 6);
      std::vector<float> y(static_cast<size_t>(rows * y_stride), 7);
      std::vector<double> expected(y.size(), 7);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t c = 0; c < columns; ++c) {
          const auto from = static_cast<size_t>(r * x_stride + c);
          const float v = x[from] + bias[static_cast<size_t>(c)];
          expected[static_cast<size_t>(r * y_stride + c)] = plain_activation(activation, v);
        }
      }
      row_kernels().bias_activation(x.data(), x_stride, bias.data(), activation, rows, columns,
                                    y.data(), y_stride);
      expect_near("activation " + std::to_string(static_cast<int>(activation)) + ", " +
                      std::to_string(columns) + " columns",
                  y, expected, 4e-7);
    }
  }
});

/// Relative accuracy where it can be had: a wrong tail would hide behind an absolute tolerance.
const testing::Test activation_values("bias_activation: all magnitudes", [] {
  std::vector<float> x{0.0f, -0.0f, 1e-30f, -1e-30f, 100, -100, 1000, -1000, NAN};
  for (int i = -120000; i <= 120000; ++i) x.push_back(static_cast<float>(i) * 1e-4f);
  const auto count = static_cast<int64_t>(x.size());
  for (const Activation activation : kActivations) {
    std::vector<double> expected;
    for (const float v : x) expected.push_back(plain_activation(activation, double{v}));
    auto y = x;
    row_kernels().bias_activation(y.data(), count, nullptr, activation, 1, count, y.data(), count);
    const std::string what = "values of activation " + std::to_string(static_cast<int>(activation));
    expect_near(what, y, expected, 3e-7, 0.5);
    // x^2 and x^3 in an exponent lose digits far out.
    const bool cubed = activation == Activation::kGeluTanh || activation == Activation::kGelu;
    if (cubed) continue;
    expect_near(what + ", relative", y, expected, 4e-7, 1e-30);
  }
});

const testing::Test embed_test("embed", [] {
  const int64_t vocabulary = 50, positions = 20;
  const std::vector<int32_t> ids{49, 0, 7, 7, 21}, position_ids{0, 1, 2, 19, 0};
  for (const int64_t size : kSizes) {
    const auto words = normal(vocabulary * size, 1, 7), places = normal(positions * size, 1, 8);
    const auto constant = normal(size, 1, 9), weight = normal(size, 1, 10);
    const NormParameters norm{weight.data(), nullptr, size, 1e-5f};
    for (const bool all : {false, true}) {
      std::vector<double> sum;
      for (size_t t = 0; t < ids.size(); ++t) {
        for (int64_t c = 0; c < size; ++c) {
          double v = words[static_cast<size_t>(ids[t] * size + c)];
          if (all) v += double{places[static_cast<size_t>(position_ids[t] * size + c)]};
          if (all) v += double{constant[static_cast<size_t>(c)]};
          sum.push_back(v);
        }
      }
      std::vector<float> y(sum.size());
      const EmbeddingTables tables{words.data(), all ? places.data() : nullptr,
                                   all ? constant.data() : nullptr, norm};
      embed(tables, ids.data(), all ? position_ids.data() : nullptr, 5, y.data());
      expect_near("embed " + std::to_string(size), y, plain_norm(sum, norm), 2e-5);
    }
  }
});

const testing::Test mean_pool_test("mean_pool", [] {
  const std::vector<int32_t> offsets{0, 1, 1, 3, 20, 533};
  for (const int64_t size : kSizes) {
    auto x = normal(533 * size, 1, 11);
    for (float& v : x) v += 10;
    std::vector<double> expected(5 * static_cast<size_t>(size));
    for (size_t t = 0; t < 5; ++t) {
      for (int32_t r = offsets[t]; r < offsets[t + 1]; ++r) {
        for (size_t c = 0; c < static_cast<size_t>(size); ++c) {
          expected[t * static_cast<size_t>(size) + c] +=
              double{x[static_cast<size_t>(r * size) + c]} / (offsets[t + 1] - offsets[t]);
        }
      }
    }
    std::vector<float> y(expected.size(), 1);
    mean_pool(x.data(), offsets.data(), 5, size, y.data());
    expect_near("mean_pool " + std::to_string(size), y, expected, 5e-7);
  }
});

const testing::Test l2_normalize_test("l2_normalize", [] {
  for (const int64_t size : kSizes) {
    auto x = normal(3 * size, 5, 12);
    for (size_t c = 0; c < static_cast<size_t>(size); ++c) x[c] = 0;  // only epsilon helps here
    std::vector<double> expected;
    for (int64_t r = 0; r < 3; ++r) {
      double squares = 0;
      for (int64_t c = 0; c < size; ++c) {
        squares += std::pow(double{x[static_cast<size_t>(r * size + c)]}, 2);
      }
      for (int64_t c = 0; c < size; ++c) {
        const double v = x[static_cast<size_t>(r * size + c)];
        expected.push_back(v / std::max(std::sqrt(squares), 1e-12));
      }
    }
    l2_normalize(x.data(), 3, size, 1e-12f);
    expect_near("l2_normalize " + std::to_string(size), x, expected, 5e-7, 1e-30);
  }
});

const testing::Bench add_norm_bench("add_norm", [] {
  const auto x = normal(512 * 384, 1, 1), residual = normal(512 * 384, 1, 2);
  const auto weight = normal(384, 1, 3);
  std::vector<float> y(x.size());
  const NormParameters norm{weight.data(), weight.data(), 384, 1e-12f};
  testing::measure("add_norm 512 x 384", 512 * 384, "element",
                   [&] { add_norm(x.data(), residual.data(), 512, norm, y.data()); });
});

const testing::Bench activation_bench("bias_activation", [] {
  const char* const names[] = {"none", "gelu", "gelu_tanh", "relu", "silu", "sigmoid", "tanh"};
  const auto x = normal(512 * 1536, 2, 1), bias = normal(1536, 1, 2);
  std::vector<float> y(x.size());
  for (const Activation activation : kActivations) {
    const std::string name = names[static_cast<int>(activation)];
    testing::measure("bias_activation " + name + " 512 x 1536", 512 * 1536, "element", [&] {
      row_kernels().bias_activation(x.data(), 1536, bias.data(), activation, 512, 1536, y.data(),
                                    1536);
    });
  }
});

}  // namespace
}  // namespace sentence_torch
