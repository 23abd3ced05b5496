#include "kernels/linear.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/aligned_bytes.h"
#include "kernels/linear/kernels.h"
#include "kernels/linear/pack.h"
#include "kernels/parallel.h"

namespace sentence_torch {
namespace {

// A helper thread takes at least so many panels at once.
constexpr int64_t kPanelGrain = 2;

/// Memory of this thread that is kept from call to call.
std::byte* scratch(AlignedBytes& kept, int64_t bytes) {
  if (kept.size() < bytes) kept = AlignedBytes(bytes);
  return kept.data();
}

int64_t panels(int64_t outputs) { return (outputs + kPanelOutputs - 1) / kPanelOutputs; }

}  // namespace

struct PackedLinear::Impl {
  int64_t outputs;
  int64_t inputs;
  Activation activation;
  std::vector<float> bias;  // zeros up to whole panels
  const TileKernels* kernels = nullptr;
  PackedTiles tiles;  // with kernels
  bool round_inputs = false;
  AlignedBytes floats;  // without

  bool feeds(const Impl& next) const {
    return kernels != nullptr && kernels == next.kernels && kernels->type != TileType::kInt8;
  }

  int64_t block_bytes(int64_t rows) const {
    const int64_t blocks = (rows + kBlockRows - 1) / kBlockRows;
    return blocks * tiles.steps * step_bytes(kernels->type);
  }

  void multiply_floats(const float* x, int64_t rows, float* y) const;
  void multiply_tiles(const std::byte* blocks, const float* row_scales, int64_t rows, float* y,
                      std::byte* next, int64_t next_steps) const;
  std::byte* convert(const float* x, int64_t rows, float* row_scales) const;
};

PackedLinear::PackedLinear(const float* weight, const float* bias, int64_t outputs, int64_t inputs,
                           LinearForm form, Activation activation) {
  const LinearKernels& kernels = linear_kernels();
  auto impl = std::make_unique<Impl>();
  impl->outputs = outputs;
  impl->inputs = inputs;
  impl->activation = activation;
  impl->bias.resize(static_cast<size_t>(panels(outputs) * kPanelOutputs));
  if (bias != nullptr) std::copy_n(bias, outputs, impl->bias.begin());
  impl->kernels = form == LinearForm::kFloat32    ? kernels.split
                  : form == LinearForm::kBfloat16 ? kernels.bfloat16
                                                  : kernels.int8;
  if (impl->kernels != nullptr) {
    impl->tiles = pack_tiles(weight, outputs, inputs, impl->kernels->type);
  } else {
    impl->round_inputs = form == LinearForm::kBfloat16;
    impl->floats = pack_floats(weight, outputs, inputs, impl->round_inputs);
  }
  impl_ = std::move(impl);
}

PackedLinear::~PackedLinear() = default;
PackedLinear::PackedLinear(PackedLinear&&) noexcept = default;

int64_t PackedLinear::outputs() const { return impl_->outputs; }
int64_t PackedLinear::inputs() const { return impl_->inputs; }
size_t PackedLinear::bytes() const {
  return static_cast<size_t>(impl_->tiles.bytes.size() + impl_->floats.size());
}

void PackedLinear::run(const float* x, int64_t rows, float* y) const {
  float row_scales[kMaxProductRows];
  for (int64_t row = 0; row < rows; row += kMaxProductRows) {
    const int64_t count = std::min(rows - row, kMaxProductRows);
    const float* from = x + row * impl_->inputs;
    float* to = y + row * impl_->outputs;
    if (impl_->kernels == nullptr) {
      impl_->multiply_floats(from, count, to);
    } else {
      const std::byte* blocks = impl_->convert(from, count, row_scales);
      impl_->multiply_tiles(blocks, row_scales, count, to, nullptr, 0);
    }
  }
}

void PackedLinear::run_both(const PackedLinear& up, const PackedLinear& down, const float* x,
                            int64_t rows, float* y) {
  thread_local AlignedBytes kept;
  const Impl& first = *up.impl_;
  const Impl& second = *down.impl_;
  for (int64_t row = 0; row < rows; row += kMaxProductRows) {
    const int64_t count = std::min(rows - row, kMaxProductRows);
    const float* from = x + row * first.inputs;
    float* to = y + row * second.outputs;
    if (first.feeds(second)) {
      std::byte* next = scratch(kept, second.block_bytes(count));
      first.multiply_tiles(first.convert(from, count, nullptr), nullptr, count, nullptr, next,
                           second.tiles.steps);
      second.multiply_tiles(next, nullptr, count, to, nullptr, 0);
    } else {
      auto* between = reinterpret_cast<float*>(
          scratch(kept, count * first.outputs * static_cast<int64_t>(sizeof(float))));
      up.run(from, count, between);
      down.run(between, count, to);
    }
  }
}

std::byte* PackedLinear::Impl::convert(const float* x, int64_t rows, float* row_scales) const {
  thread_local AlignedBytes kept;
  std::byte* blocks = scratch(kept, block_bytes(rows));
  kernels->convert(x, inputs, rows, inputs, blocks, row_scales);
  return blocks;
}

void PackedLinear::Impl::multiply_tiles(const std::byte* blocks, const float* row_scales,
                                        int64_t rows, float* y, std::byte* next,
                                        int64_t next_steps) const {
  parallel_for(panels(outputs), kPanelGrain, [&](int64_t begin, int64_t end) {
    kernels->multiply(TileProduct{blocks, rows, tiles.bytes.data(), tiles.steps, begin, end,
                                  outputs, bias.data(), activation, row_scales, tiles.scales.data(),
                                  tiles.sums.data(), y, outputs, next, next_steps});
  });
}

void PackedLinear::Impl::multiply_floats(const float* x, int64_t rows, float* y) const {
  thread_local AlignedBytes kept;
  const float* source = x;
  if (round_inputs) {
    auto* rounded = reinterpret_cast<float*>(
        scratch(kept, rows * inputs * static_cast<int64_t>(sizeof(float))));
    std::transform(x, x + rows * inputs, rounded, round_to_bfloat16);
    source = rounded;
  }
  const auto* weights = reinterpret_cast<const float*>(floats.data());
  parallel_for(panels(outputs), kPanelGrain, [&](int64_t begin, int64_t end) {
    linear_kernels().float32(FloatProduct{source, inputs, rows, weights, inputs, begin, end,
                                          outputs, bias.data(), activation, y, outputs});
  });
}

}  // namespace sentence_torch
