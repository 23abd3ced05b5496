#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/choices.h"
#include "kernels/parallel.h"

namespace sentence_torch {
namespace {

/// Memory of this thread, kept for its next call: what malloc gave back would fault in anew.
float* scratch_of_thread(int64_t floats) {
  constexpr int64_t kAlignment = 64;
  thread_local std::vector<float> memory;
  const size_t needed = static_cast<size_t>(floats) + kAlignment / sizeof(float);
  if (memory.size() < needed) memory.resize(needed);
  const auto address = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + (kAlignment - address % kAlignment) % kAlignment / sizeof(float);
}

}  // namespace

void attention(const float* qkv, const int32_t* offsets, int64_t texts, const AttentionShape& shape,
               LinearForm form, float* context) {
  const AttentionKernel& kernel = *chosen_attention().kernel;
  int32_t longest = 0;
  for (int64_t i = 0; i < texts; ++i) longest = std::max(longest, offsets[i + 1] - offsets[i]);
  const int64_t floats = kernel.scratch(longest, shape.head_size);
  const AttentionBatch batch{qkv, offsets, shape, form, context};
  parallel_for(texts * shape.heads, 1, [&](int64_t begin, int64_t end) {
    kernel.run(batch, begin, end, scratch_of_thread(floats));
  });
}

}  // namespace sentence_torch
