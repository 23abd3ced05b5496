#include "kernels/choices.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/linear.h"

namespace sentence_torch {
namespace {

using testing::expect;
using testing::normal;
using Vendor = CpuModel::Vendor;

const testing::Test table("attention in pairs is chosen where it was measured to win", [] {
  expect("Zen 4 server", prefers_bfloat16_pairs({Vendor::kAmd, 0x19, 0x11}));
  expect("Zen 4 desktop", prefers_bfloat16_pairs({Vendor::kAmd, 0x19, 0x61}));
  expect("not Zen 3", !prefers_bfloat16_pairs({Vendor::kAmd, 0x19, 0x01}));
  expect("not Emerald Rapids", !prefers_bfloat16_pairs({Vendor::kIntel, 6, 207}));
  expect("not a CPU that nobody measured", !prefers_bfloat16_pairs({Vendor::kIntel, 6, 173}));
  expect("not an unknown vendor", !prefers_bfloat16_pairs({Vendor::kOther, 0x19, 0x11}));
});

const testing::Test runs_here("the chosen attention is one that this CPU can run", [] {
  const auto all = attention_kernels();
  expect("among those", std::any_of(all.begin(), all.end(), [](const NamedAttention& one) {
           return one.kernel == chosen_attention().kernel;
         }));
});

/// One way to compute something.
struct Way {
  std::string name;
  std::function<void()> run;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

/// Times all ways in turn and says whether `chosen` is the fastest, with the spread of its lead.
void compare(const std::string& what, const std::vector<Way>& ways, size_t chosen) {
  constexpr int kRounds = 15;
  std::vector<std::vector<double>> seconds(ways.size());
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < ways.size(); ++i) {
      const double start = testing::now();
      int times = 0;
      for (; times == 0 || testing::now() - start < 2e-3; ++times) ways[i].run();
      seconds[i].push_back((testing::now() - start) / times);
    }
  }
  for (size_t i = 0; i < ways.size(); ++i) {
    if (i == chosen) continue;
    std::vector<double> ratios;
    for (int round = 0; round < kRounds; ++round)
      ratios.push_back(seconds[i][round] / seconds[chosen][round]);
    const double ratio = median(ratios);
    const auto [least, most] = std::minmax_element(ratios.begin(), ratios.end());
    std::printf("%-44s %-22s takes %5.2f x (%.2f to %.2f) the time of %-22s %s\n", what.c_str(),
                ways[i].name.c_str(), ratio, *least, *most, ways[chosen].name.c_str(),
                ratio < 0.97 ? "ANOTHER IS FASTER" : "as chosen");
  }
}

const char* name_of(LinearForm form) {
  switch (form) {
    case LinearForm::kFloat32:
      return "float32";
    case LinearForm::kFloat32x2:
      return "float32x2";
    case LinearForm::kBfloat16:
      return "bfloat16";
    case LinearForm::kInt8:
      break;
  }
  return "int8";
}

void compare_attention(LinearForm form, int32_t tokens, int64_t head_size) {
  constexpr int64_t kHeads = 12;
  const int32_t offsets[] = {0, tokens};
  const auto qkv = normal(tokens * 3 * kHeads * head_size, 1, 23);
  std::vector<float> context(static_cast<size_t>(tokens * kHeads * head_size));
  const AttentionShape shape{kHeads, head_size, 0.125f};
  const AttentionBatch batch{qkv.data(), offsets, shape, form, context.data()};
  const auto all = attention_kernels();
  std::vector<std::vector<float>> scratch;
  std::vector<Way> ways;
  size_t chosen = 0;
  for (const NamedAttention& one : all) {
    if (one.kernel == &scalar_kernels.attention && all.size() > 1) continue;
    if (one.kernel == chosen_attention().kernel) chosen = ways.size();
    const auto needed = static_cast<size_t>(one.kernel->scratch(tokens, head_size));
    scratch.emplace_back(needed + 16);
    float* memory = scratch.back().data();
    while (reinterpret_cast<uintptr_t>(memory) % 64 != 0) ++memory;
    ways.push_back(
        {one.name, [&batch, memory, &one] { one.kernel->run(batch, 0, kHeads, memory); }});
  }
  compare("attention " + std::string(name_of(form)) + ", " + std::to_string(tokens) +
              " tokens, heads of " + std::to_string(head_size),
          ways, chosen);
}

void compare_feed_forward(LinearForm form, int64_t rows, int64_t size) {
  const auto weights = normal(4 * size * size, 0.05f, 3), x = normal(rows * size, 1, 4);
  const PackedLinear up(weights.data(), nullptr, 4 * size, size, form, Activation::kGelu);
  const PackedLinear down(weights.data(), nullptr, size, 4 * size, form, Activation::kNone);
  std::vector<float> between(static_cast<size_t>(rows * 4 * size));
  std::vector<float> y(static_cast<size_t>(rows * size));
  compare(
      "feed forward " + std::string(name_of(form)) + ", " + std::to_string(rows) + " rows of " +
          std::to_string(size),
      {{"both layers at once", [&] { PackedLinear::run_both(up, down, x.data(), rows, y.data()); }},
       {"one after the other",
        [&] {
          up.run(x.data(), rows, between.data());
          down.run(between.data(), rows, y.data());
        }}},
      0);
}

void compare_mantissas(int64_t rows, int64_t size) {
  const auto weights = normal(size * size, 0.05f, 3), x = normal(rows * size, 1, 4);
  std::vector<float> y(static_cast<size_t>(rows * size));
  const PackedLinear two(weights.data(), nullptr, size, size, LinearForm::kFloat32x2,
                         Activation::kNone);
  const PackedLinear three(weights.data(), nullptr, size, size, LinearForm::kFloat32,
                           Activation::kNone);
  compare("products, " + std::to_string(rows) + " rows of " + std::to_string(size),
          {{"float32x2", [&] { two.run(x.data(), rows, y.data()); }},
           {"float32", [&] { three.run(x.data(), rows, y.data()); }}},
          0);
}

const testing::Bench choices("choices", [] {
  const CpuModel cpu = cpu_model();
  std::printf("%s, family %d, model %d, %s\n",
              cpu.vendor == Vendor::kIntel ? "Intel"
              : cpu.vendor == Vendor::kAmd ? "AMD"
                                           : "other",
              cpu.family, cpu.model, to_string(isa()));
  constexpr LinearForm kForms[] = {LinearForm::kFloat32, LinearForm::kFloat32x2,
                                   LinearForm::kBfloat16, LinearForm::kInt8};
  for (const LinearForm form : kForms) {
    if (form == LinearForm::kFloat32x2 && !has_float32x2()) continue;
    for (const int64_t size : {32, 64}) {
      for (const int32_t tokens : {8, 16, 24, 41, 48, 64, 128, 256, 512})
        compare_attention(form, tokens, size);
    }
    for (const int64_t size : {384, 768}) {
      for (const int64_t rows : {11, 128, 512}) compare_feed_forward(form, rows, size);
    }
  }
  if (has_float32x2()) compare_mantissas(128, 768);
});

}  // namespace
}  // namespace sentence_torch
