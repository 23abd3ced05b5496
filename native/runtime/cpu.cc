#include "runtime/cpu.h"

#include <ATen/cpu/Utils.h>

namespace sentence_torch {

Cpu cpu() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  const Isa used = isa();
  const bool avx512 = used == Isa::kAvx512 || used == Isa::kAmx;
  const bool avx2 = avx512 || used == Isa::kAvx2;
  return {used, (avx512 && has("avx512_bf16")) || (used == Isa::kAmx && has("amx_bf16")),
          (avx512 && has("avx512_vnni")) || (avx2 && has("avx_vnni"))};
}

}  // namespace sentence_torch
