#pragma once

namespace sentence_torch {

/// Instruction sets that the kernels have a form for, each including those before it on its
/// architecture.
enum class Isa { kScalar, kNeon, kAvx2, kAvx512, kAmx };

/// What the kernels of this process use: the best that CPU and operating system offer, or less if
/// the environment variable SENTENCE_TORCH_ISA ('scalar', 'neon', 'avx2', 'avx512', 'amx') asks for
/// less: for tests and for comparing. The variable is a ceiling: what it names need not exist here.
/// Decided once. Throws std::invalid_argument if the variable names no instruction set.
Isa isa();

const char* to_string(Isa isa);

/// Which CPU this is, as cpuid numbers them. Other architectures have no numbers here.
struct CpuModel {
  enum class Vendor { kOther, kIntel, kAmd };
  Vendor vendor = Vendor::kOther;
  int family = 0;
  int model = 0;
};

CpuModel cpu_model();

/// Whether the kernels have instructions for products of bfloat16 values: part of AMX, an extra of
/// AVX-512.
bool has_bfloat16();

/// The same for products of 8-bit values.
bool has_int8();

}  // namespace sentence_torch
