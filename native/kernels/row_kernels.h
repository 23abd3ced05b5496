#pragma once

#include <cstdint>

#include "kernels/rows.h"

namespace sentence_torch {

/// The arguments of attention(); a unit of its work is one head of one text, numbered
/// text * heads + head.
struct AttentionBatch {
  const float* qkv;
  const int32_t* offsets;
  AttentionShape shape;
  LinearForm form;
  float* context;
};

/// Attention for one instruction set: `scratch` floats, aligned to 64 bytes, are all it needs for
/// texts of up to that many tokens.
struct AttentionKernel {
  int64_t (*scratch)(int64_t tokens, int64_t head_size);
  void (*run)(const AttentionBatch& batch, int64_t begin, int64_t end, float* scratch);
};

/// The functions of rows.h for one instruction set and one thread.
struct RowKernels {
  void (*add_norm)(const float* x, const float* residual, int64_t rows, const NormParameters& norm,
                   float* y);
  void (*bias_activation)(const float* x, int64_t x_stride, const float* bias,
                          Activation activation, int64_t rows, int64_t columns, float* y,
                          int64_t y_stride);
  void (*embed)(const EmbeddingTables& tables, const int32_t* ids, const int32_t* position_ids,
                int64_t tokens, float* y);
  void (*mean_pool)(const float* x, const int32_t* offsets, int64_t texts, int64_t size, float* y);
  void (*l2_normalize)(float* x, int64_t rows, int64_t size, float epsilon);
  AttentionKernel attention;
};

#if defined(__x86_64__) || defined(_M_X64)
extern const RowKernels avx2_kernels;
extern const RowKernels avx512_kernels;
/// With products of bfloat16 values: only if has_bfloat16().
extern const AttentionKernel avx512_bfloat16_attention;
extern const AttentionKernel amx_attention;
#elif defined(__aarch64__) || defined(_M_ARM64)
extern const RowKernels neon_kernels;
#endif
extern const RowKernels scalar_kernels;

/// Those of isa().
const RowKernels& row_kernels();

}  // namespace sentence_torch
