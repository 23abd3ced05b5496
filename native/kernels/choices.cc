#include "kernels/choices.h"

namespace sentence_torch {
namespace {

struct Row {
  CpuModel::Vendor vendor;
  int family, first_model, last_model;
  bool bfloat16_pairs;
};

// Zen 4 takes one cycle a product of pairs and half of one a float32 product: pairs win from 16
// tokens on. Emerald Rapids was measured without its tiles (masked, as by a
// hypervisor): pairs lose at every length from 16 to 512. docs/notes/2026-11-28-kernel-choices.md
// has the figures. Nobody measured the others: they compute in float32.
constexpr Row kMeasured[] = {
    {CpuModel::Vendor::kAmd, 0x19, 0x10, 0x1f, true},
    {CpuModel::Vendor::kAmd, 0x19, 0x60, 0x7f, true},
    {CpuModel::Vendor::kAmd, 0x19, 0xa0, 0xaf, true},
    {CpuModel::Vendor::kIntel, 6, 207, 207, false},
};

NamedAttention choose() {
  const auto all = attention_kernels();
#if defined(__x86_64__) || defined(_M_X64)
  const bool pairs = prefers_bfloat16_pairs(cpu_model());
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    if (one->kernel != &avx512_bfloat16_attention || pairs) return *one;
  }
#endif
  return all.back();
}

}  // namespace

bool prefers_bfloat16_pairs(const CpuModel& cpu) {
  for (const Row& row : kMeasured) {
    if (row.vendor == cpu.vendor && row.family == cpu.family && row.first_model <= cpu.model &&
        cpu.model <= row.last_model)
      return row.bfloat16_pairs;
  }
  return false;
}

std::vector<NamedAttention> attention_kernels() {
  std::vector<NamedAttention> all{{"scalar", &scalar_kernels.attention}};
#if defined(__x86_64__) || defined(_M_X64)
  if (isa() >= Isa::kAvx2) all.push_back({"avx2", &avx2_kernels.attention});
  if (isa() >= Isa::kAvx512) all.push_back({"avx512", &avx512_kernels.attention});
  if (has_bfloat16()) all.push_back({"avx512-bfloat16-pairs", &avx512_bfloat16_attention});
  if (isa() >= Isa::kAmx) all.push_back({"amx", &amx_attention});
#elif defined(__aarch64__) || defined(_M_ARM64)
  if (isa() >= Isa::kNeon) all.push_back({"neon", &neon_kernels.attention});
#endif
  return all;
}

const NamedAttention& chosen_attention() {
  static const NamedAttention chosen = choose();
  return chosen;
}

}  // namespace sentence_torch
