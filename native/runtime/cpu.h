#pragma once

#include "kernels/isa.h"

namespace sentence_torch {

struct Cpu {
  Isa isa;
  bool bfloat16;  // products of bfloat16 in hardware
  bool int8;      // products of int8 in hardware
};

/// What the kernels use of this CPU.
Cpu cpu();

}  // namespace sentence_torch
