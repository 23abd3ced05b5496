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
// Rows of one product at most, so that they stay in the second-level cache while panel after panel
// is multiplied with them; and as many as that allows, since the weights come from far away.
constexpr int64_t kMaxRows = 512;
constexpr int64_t kMinRows = 64;
constexpr int64_t kBytesOfRows = 768 * 1024;
// Between two layers, where the sums of the second have to stay there as well.
constexpr int64_t kBytesOfBoth = 1024 * 1024;
constexpr int64_t kBytesBetween = 512 * 1024;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// How many of `rows` go at once, so that about `bytes` are enough for them: even pieces of whole
/// blocks.
int64_t rows_at_once(int64_t rows, int64_t bytes, int64_t bytes_of_row) {
  const int64_t fit = std::clamp(bytes / bytes_of_row, kMinRows, kMaxRows);
  const int64_t pieces = std::max<int64_t>(1, (rows + fit / 2) / fit);
  return std::min(kMaxRows, divide_up(divide_up(rows, pieces), kBlockRows) * kBlockRows);
}

/// Memory of this thread that is kept from call to call.
std::byte* scratch(AlignedBytes& kept, int64_t bytes) {
  if (kept.size() < bytes) kept = AlignedBytes(bytes);
  return kept.data();
}

float* float_scratch(AlignedBytes& kept, int64_t count) {
  return reinterpret_cast<float*>(scratch(kept, count * static_cast<int64_t>(sizeof(float))));
}

/// Rows as `kernels` multiply them; their ranges if it is int8.
std::byte* to_blocks(const TileKernels& kernels, AlignedBytes& kept, const float* x, int64_t rows,
                     int64_t inputs, RowRange* ranges) {
  const int64_t steps = divide_up(inputs, inputs_per_step(kernels.type));
  std::byte* blocks =
      scratch(kept, divide_up(rows, kBlockRows) * steps * kernels.block_step_bytes());
  kernels.convert(x, rows, inputs, blocks, ranges);
  return blocks;
}

/// Null where the plain float32 product does it.
const TileKernels* kernels_of(LinearForm form) {
  const LinearKernels& kernels = linear_kernels();
  switch (form) {
    case LinearForm::kFloat32:
      return kernels.float32x3;
    case LinearForm::kFloat32x2:
      return kernels.float32x2;
    case LinearForm::kBfloat16:
      return kernels.bfloat16;
    case LinearForm::kInt8:
      break;
  }
  return kernels.int8;
}

}  // namespace

bool has_float32x2() { return linear_kernels().float32x2 != nullptr; }

struct PackedLinear::Impl {
  int64_t outputs;
  int64_t inputs;
  Activation activation;
  std::vector<float> bias;  // zeros up to whole panels
  const TileKernels* kernels = nullptr;
  PackedTiles tiles;  // with kernels
  bool round_inputs = false;
  AlignedBytes floats;  // without

  /// Of one row, as it is multiplied: float32 rows are read a part at a time.
  int64_t row_bytes() const {
    return kernels == nullptr ? std::min(inputs, kFloatDepth) * static_cast<int64_t>(sizeof(float))
                              : tiles.steps * kernels->block_step_bytes() / kBlockRows;
  }

  void multiply_floats(const float* x, int64_t rows, float* y) const;
  void multiply_tiles(const float* x, int64_t rows, float* y) const;
  void multiply_both(const Impl& down, const float* x, int64_t rows, float* y) const;
  TileProduct whole_product(const std::byte* blocks, int64_t rows) const;
  void multiply(TileProduct product) const;
};

PackedLinear::PackedLinear(const float* weight, const float* bias, int64_t outputs, int64_t inputs,
                           LinearForm form, Activation activation) {
  auto impl = std::make_unique<Impl>();
  impl->outputs = outputs;
  impl->inputs = inputs;
  impl->activation = activation;
  impl->bias.resize(static_cast<size_t>(panels(outputs) * kPanelOutputs));
  if (bias != nullptr) std::copy_n(bias, outputs, impl->bias.begin());
  impl->kernels = kernels_of(form);
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

void PackedLinear::run(const float* x, int64_t rows, float* y) const {
  const auto multiply = impl_->kernels == nullptr ? &Impl::multiply_floats : &Impl::multiply_tiles;
  const int64_t at_once = rows_at_once(rows, kBytesOfRows, impl_->row_bytes());
  for (int64_t row = 0; row < rows; row += at_once) {
    (*impl_.*multiply)(x + row * impl_->inputs, std::min(rows - row, at_once),
                       y + row * impl_->outputs);
  }
}

void PackedLinear::run_both(const PackedLinear& up, const PackedLinear& down, const float* x,
                            int64_t rows, float* y) {
  thread_local AlignedBytes kept;
  const int64_t sums_of_row = down.outputs() * static_cast<int64_t>(sizeof(float));
  const int64_t at_once = rows_at_once(rows, kBytesOfBoth, up.impl_->row_bytes() + sums_of_row);
  for (int64_t row = 0; row < rows; row += at_once) {
    const int64_t count = std::min(rows - row, at_once);
    const float* from = x + row * up.inputs();
    float* to = y + row * down.outputs();
    if (up.impl_->kernels != nullptr && up.impl_->kernels == down.impl_->kernels) {
      up.impl_->multiply_both(*down.impl_, from, count, to);
    } else {
      float* between = float_scratch(kept, count * up.outputs());
      up.run(from, count, between);
      down.run(between, count, to);
    }
  }
}

void PackedLinear::Impl::multiply_floats(const float* x, int64_t rows, float* y) const {
  thread_local AlignedBytes kept;
  const float* source = x;
  if (round_inputs) {
    float* rounded = float_scratch(kept, rows * inputs);
    std::transform(x, x + rows * inputs, rounded, round_to_bfloat16);
    source = rounded;
  }
  const auto* weights = reinterpret_cast<const float*>(floats.data());
  parallel_for(panels(outputs), kPanelGrain, [&](int64_t begin, int64_t end) {
    thread_local AlignedBytes sums;
    linear_kernels().float32(FloatProduct{source, rows, weights, inputs, begin, end, outputs,
                                          bias.data(), activation, y,
                                          float_scratch(sums, kFloatSums)});
  });
}

void PackedLinear::Impl::multiply_tiles(const float* x, int64_t rows, float* y) const {
  thread_local AlignedBytes kept;
  RowRange ranges[kMaxRows];
  TileProduct product = whole_product(to_blocks(*kernels, kept, x, rows, inputs, ranges), rows);
  product.row_ranges = ranges;
  product.y = y;
  multiply(product);
}

/// The outputs of this layer are made some panels at a time, and multiplied with what belongs to
/// them of the next layer's weights before they leave the cache. int8 rows get a range for each of
/// these parts.
void PackedLinear::Impl::multiply_both(const Impl& down, const float* x, int64_t rows,
                                       float* y) const {
  thread_local AlignedBytes kept_rows, kept_between, kept_floats, kept_sums;
  const bool is_int8 = kernels->type == TileType::kInt8;
  RowRange ranges[kMaxRows], ranges_between[kMaxRows];
  const int64_t blocks = divide_up(rows, kBlockRows);
  const int64_t panel_bytes = blocks * kernels->block_step_bytes();
  const int64_t panels_per_step = inputs_per_step(kernels->type) / kPanelOutputs;
  const int64_t all = panels(outputs);
  const int64_t at_once = is_int8 ? kInt8PartSteps * panels_per_step
                                  : std::clamp<int64_t>(kBytesBetween / panel_bytes, 1, all);
  TileProduct first = whole_product(to_blocks(*kernels, kept_rows, x, rows, inputs, ranges), rows);
  first.row_ranges = ranges;
  TileProduct second = down.whole_product(nullptr, rows);
  second.row_ranges = ranges_between;
  second.sums = scratch(kept_sums, panels(down.outputs) * blocks * kSumsBytes);
  second.y = y;
  for (int64_t panel = 0; panel < all; panel += at_once) {
    first.panel_begin = first.first_panel = panel;
    first.panel_end = std::min(panel + at_once, all);
    const int64_t width =
        std::min(first.panel_end * kPanelOutputs, outputs) - panel * kPanelOutputs;
    second.first_step = panel / panels_per_step;
    second.steps = divide_up(first.panel_end - panel, panels_per_step);
    if (is_int8) {
      second.weight_sums = down.tiles.sums_of(1 + panel / at_once);
      first.y = float_scratch(kept_floats, rows * width);
      first.y_stride = width;
      multiply(first);
      second.blocks = to_blocks(*kernels, kept_between, first.y, rows, width, ranges_between);
    } else {
      first.next = scratch(kept_between, at_once * panel_bytes);
      first.next_steps = second.steps;
      multiply(first);
      second.blocks = first.next;
    }
    down.multiply(second);
  }
}

TileProduct PackedLinear::Impl::whole_product(const std::byte* blocks, int64_t rows) const {
  TileProduct product{};
  product.blocks = blocks;
  product.rows = rows;
  product.steps = product.panel_steps = tiles.steps;
  product.weights = tiles.bytes.data();
  product.panel_end = panels(outputs);
  product.outputs = product.y_stride = outputs;
  product.bias = bias.data();
  product.activation = activation;
  product.weight_scales = tiles.scales.data();
  product.weight_sums = tiles.sums_of(0);
  return product;
}

void PackedLinear::Impl::multiply(TileProduct product) const {
  const int64_t first = product.panel_begin;
  parallel_for(product.panel_end - first, kPanelGrain, [&](int64_t begin, int64_t end) {
    TileProduct part = product;
    part.panel_begin = first + begin;
    part.panel_end = first + end;
    kernels->multiply(part);
  });
}

}  // namespace sentence_torch
