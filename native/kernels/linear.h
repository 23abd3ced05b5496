#pragma once

#include <cstdint>
#include <memory>

namespace sentence_torch {

enum class Activation { kNone, kGelu, kGeluTanh, kRelu, kSilu, kSigmoid, kTanh };

/// How the products of a linear layer are computed. Inputs, sums and outputs are float32 in all of
/// them.
enum class LinearForm {
  /// All 24 bits of mantissa: on CPUs with bfloat16 tiles, each value as the sum of three.
  kFloat32,
  /// 16 bits of mantissa: on CPUs with bfloat16 tiles, each value as the sum of two. Elsewhere the
  /// same as kFloat32.
  kFloat32x2,
  kBfloat16,
  kInt8,
};

/// Whether kFloat32x2 is another form than kFloat32 here.
bool has_float32x2();

/// A linear layer, y = activation(x W^T + b), with its weights packed for this CPU.
/// Immutable: any number of threads run it at once.
class PackedLinear {
 public:
  /// `weight` is row-major [outputs, inputs]; `bias` has `outputs` values or is null. Both are
  /// copied.
  PackedLinear(const float* weight, const float* bias, int64_t outputs, int64_t inputs,
               LinearForm form, Activation activation);
  ~PackedLinear();
  PackedLinear(PackedLinear&&) noexcept;

  int64_t outputs() const;
  int64_t inputs() const;

  /// Of `rows` rows, each of inputs() and outputs() values, end to end. x and y must not overlap.
  void run(const float* x, int64_t rows, float* y) const;

  /// down.run(up.run(x)), without writing the values in between in a form that only costs time.
  static void run_both(const PackedLinear& up, const PackedLinear& down, const float* x,
                       int64_t rows, float* y);

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace sentence_torch
