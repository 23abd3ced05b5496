#include "kernels/isa.h"

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace sentence_torch {
namespace {

constexpr Isa kAll[] = {Isa::kScalar, Isa::kNeon, Isa::kAvx2, Isa::kAvx512, Isa::kAmx};

#if defined(__x86_64__) || defined(_M_X64)

struct Cpuid {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Cpuid cpuid(uint32_t leaf, uint32_t subleaf) {
  Cpuid r;
#ifdef _MSC_VER
  int out[4];
  __cpuid(out, 0);
  if (static_cast<uint32_t>(out[0]) < leaf) return r;
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  r = {static_cast<uint32_t>(out[0]), static_cast<uint32_t>(out[1]), static_cast<uint32_t>(out[2]),
       static_cast<uint32_t>(out[3])};
#else
  __get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

/// The register states that the operating system saves.
uint64_t saved_states() {
#ifdef _MSC_VER
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
#endif
}

/// Linux hands out the tile registers only to a process that asks; others don't let us ask.
bool tiles_permitted() {
#ifdef __linux__
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_*
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

bool has(uint64_t value, uint64_t bits) { return (value & bits) == bits; }

constexpr uint64_t bit(int i) { return uint64_t{1} << i; }

bool avx512_bf16() { return has(cpuid(7, 1).eax, bit(5)); }
bool avx512_vnni() { return has(cpuid(7, 0).ecx, bit(11)); }

Isa best() {
  const Cpuid basic = cpuid(1, 0), extended = cpuid(7, 0);
  const bool osxsave = has(basic.ecx, bit(27));
  const uint64_t states = osxsave ? saved_states() : 0;
  const bool fma_avx = has(basic.ecx, bit(12) | bit(28)) && has(states, bit(1) | bit(2));
  if (!fma_avx || !has(extended.ebx, bit(5))) return Isa::kScalar;
  const uint64_t f_dq_bw_vl = bit(16) | bit(17) | bit(30) | bit(31);
  if (!has(extended.ebx, f_dq_bw_vl) || !has(states, bit(5) | bit(6) | bit(7))) return Isa::kAvx2;
  const uint64_t amx_bf16_tile_int8 = bit(22) | bit(24) | bit(25);
  const bool tiles = has(extended.edx, amx_bf16_tile_int8) && has(states, bit(17) | bit(18));
  return avx512_bf16() && tiles && tiles_permitted() ? Isa::kAmx : Isa::kAvx512;
}

bool is_here(Isa isa) { return isa != Isa::kNeon; }

CpuModel this_cpu() {
  const uint32_t signature = cpuid(1, 0).eax, name = cpuid(0, 0).ebx;
  CpuModel cpu;
  if (name == 0x756e6547) cpu.vendor = CpuModel::Vendor::kIntel;  // "Genu"ineIntel
  if (name == 0x68747541) cpu.vendor = CpuModel::Vendor::kAmd;    // "Auth"enticAMD
  const uint32_t family = signature >> 8 & 0xf, model = signature >> 4 & 0xf;
  cpu.family = static_cast<int>(family == 0xf ? family + (signature >> 20 & 0xff) : family);
  const bool is_extended = family == 6 || family == 0xf;
  cpu.model = static_cast<int>(is_extended ? model | (signature >> 12 & 0xf0) : model);
  return cpu;
}

#elif defined(__aarch64__) || defined(_M_ARM64)

Isa best() { return Isa::kNeon; }
bool is_here(Isa isa) { return isa <= Isa::kNeon; }
CpuModel this_cpu() { return {}; }
bool avx512_bf16() { return false; }
bool avx512_vnni() { return false; }

#else

Isa best() { return Isa::kScalar; }
bool is_here(Isa isa) { return isa == Isa::kScalar; }
CpuModel this_cpu() { return {}; }
bool avx512_bf16() { return false; }
bool avx512_vnni() { return false; }

#endif

Isa ceiling() {
  const char* asked = std::getenv("SENTENCE_TORCH_ISA");
  if (asked == nullptr || *asked == '\0') return Isa::kAmx;
  for (const Isa isa : kAll) {
    if (std::string(asked) == to_string(isa)) return isa;
  }
  throw std::invalid_argument(std::string("SENTENCE_TORCH_ISA is '") + asked +
                              "', not one of scalar, neon, avx2, avx512, amx.");
}

Isa decide() {
  const Isa most = ceiling(), offered = best();
  Isa chosen = Isa::kScalar;
  for (const Isa isa : kAll) {
    if (isa <= most && isa <= offered && is_here(isa)) chosen = isa;
  }
  return chosen;
}

}  // namespace

Isa isa() {
  static const Isa decided = decide();
  return decided;
}

const char* to_string(Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return "scalar";
    case Isa::kNeon:
      return "neon";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAmx:
      return "amx";
  }
  return "unknown";
}

CpuModel cpu_model() { return this_cpu(); }

bool has_bfloat16() { return isa() >= Isa::kAvx512 && avx512_bf16(); }

bool has_int8() { return isa() >= Isa::kAvx512 && avx512_vnni(); }

}  // namespace sentence_torch
