#pragma once

#include <string>

#include "kernels/linear.h"

namespace sentence_torch {

struct NarrowOptions {
  std::string model_path;
  std::string output_path;
  LinearForm form = LinearForm::kBfloat16;
};

/// Writes a verified trace again, with the weights of its linear layers stored as `form` has them,
/// and an expression that makes float32 of them: still a trace that any libtorch runs. Embeddings,
/// norms and biases stay float32, as in a model converted at load. Packing such weights in `form`
/// gives what packing the original ones does. Returns how many weights became narrow: 0 of a model
/// without linear layers. Throws Failure ST_MODEL_REFUSED or ST_WRITE_FAILED.
int write_narrow(const NarrowOptions& options);

}  // namespace sentence_torch
