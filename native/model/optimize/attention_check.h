#pragma once

#include <string>

#include "model/optimize/workbench.h"

namespace sentence_torch {

/// How the attention kernels that the graph uses differ from libtorch's attention, or nothing.
/// Tried on made-up rows of texts with lengths on both sides of each one from which a kernel
/// computes otherwise: whole texts of so many tokens would make loading slow.
std::string attention_fault(const Workbench& bench);

}  // namespace sentence_torch
