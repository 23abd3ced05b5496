#pragma once

#include <vector>

#include "kernels/isa.h"
#include "kernels/row_kernels.h"

namespace sentence_torch {

/// Which kernel runs where several give results that differ in their last bits: a table of CPUs,
/// filled from measurements. Never timed at run time: one machine gives one vector.

/// Whether attention in pairs of bfloat16 values (AVX-512 with BF16) is faster than in float32.
bool prefers_bfloat16_pairs(const CpuModel& cpu);

/// An attention kernel that this CPU can run, for reports.
struct NamedAttention {
  const char* name;
  const AttentionKernel* kernel;
};

/// Those up to isa(), the plainest first.
std::vector<NamedAttention> attention_kernels();

/// The one that attention() uses.
const NamedAttention& chosen_attention();

}  // namespace sentence_torch
