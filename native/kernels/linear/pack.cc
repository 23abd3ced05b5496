#include "kernels/linear/pack.h"

#include <bit>
#include <cstring>

#include "kernels/linear/int8_row.h"
#include "kernels/parallel.h"

namespace sentence_torch {
namespace {

uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

float to_float(uint16_t bfloat16) { return std::bit_cast<float>(uint32_t{bfloat16} << 16); }

/// Where a weight lies: which value of its group of 4 bytes, and where the group begins.
std::byte* group_of(PackedTiles& packed, TileType type, int64_t output, int64_t input) {
  const int64_t values = inputs_per_step(type) / kTileRows;  // in a group
  const int64_t step = output / kPanelOutputs * packed.steps + input / inputs_per_step(type);
  return packed.bytes.data() + step * step_bytes(type) +
         output % kPanelOutputs / kTileRows * kTileBytes +
         input % inputs_per_step(type) / values * kStepBytes + output % kTileRows * 4;
}

void put(std::byte* group, int64_t index, uint16_t value) {
  std::memcpy(group + index * sizeof(value), &value, sizeof(value));
}

void pack_output(PackedTiles& packed, TileType type, const float* weight, int64_t output,
                 int64_t inputs) {
  for (int64_t input = 0; input < inputs; ++input) {
    std::byte* group = group_of(packed, type, output, input);
    float rest = weight[input];
    for (int64_t part = 0; part < parts(type); ++part, group += kPartBytes) {
      const uint16_t value = to_bfloat16(rest);
      put(group, input % 2, value);
      rest -= to_float(value);
    }
  }
}

void pack_int8_output(PackedTiles& packed, const float* weight, int64_t output, int64_t inputs) {
  constexpr int64_t kInputs = kInt8PartSteps * inputs_per_step(TileType::kInt8);
  const Int8Scale scale = int8_scale(weight, inputs);
  const auto at = [&](int64_t line) {
    return static_cast<size_t>(line) * packed.scales.size() + static_cast<size_t>(output);
  };
  for (int64_t input = 0; input < inputs; ++input) {
    const int8_t value = to_int8(weight[input], scale);
    group_of(packed, TileType::kInt8, output, input)[input % 4] = static_cast<std::byte>(value);
    packed.sums[at(0)] += value;
    packed.sums[at(1 + input / kInputs)] += value;
  }
  packed.scales[static_cast<size_t>(output)] = scale.scale;
}

}  // namespace

PackedTiles pack_tiles(const float* weight, int64_t outputs, int64_t inputs, TileType type) {
  PackedTiles packed;
  packed.steps = (inputs + inputs_per_step(type) - 1) / inputs_per_step(type);
  packed.bytes = AlignedBytes(panels(outputs) * packed.steps * step_bytes(type));
  if (type == TileType::kInt8) {
    const int64_t parts = (packed.steps + kInt8PartSteps - 1) / kInt8PartSteps;
    packed.scales.resize(static_cast<size_t>(panels(outputs) * kPanelOutputs));
    packed.sums.resize(packed.scales.size() * static_cast<size_t>(1 + parts));
  }
  parallel_for(outputs, kPanelOutputs, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      const float* row = weight + output * inputs;
      type == TileType::kInt8 ? pack_int8_output(packed, row, output, inputs)
                              : pack_output(packed, type, row, output, inputs);
    }
  });
  return packed;
}

AlignedBytes pack_floats(const float* weight, int64_t outputs, int64_t inputs, bool round) {
  AlignedBytes packed(panels(outputs) * kPanelOutputs * inputs * int64_t{sizeof(float)});
  auto* values = reinterpret_cast<float*>(packed.data());
  parallel_for(outputs, kPanelOutputs, [&](int64_t begin, int64_t end) {
    for (int64_t output = begin; output < end; ++output) {
      float* panel =
          values + output / kPanelOutputs * kPanelOutputs * inputs + output % kPanelOutputs;
      for (int64_t input = 0; input < inputs; ++input) {
        const float value = weight[output * inputs + input];
        panel[input * kPanelOutputs] = round ? round_to_bfloat16(value) : value;
      }
    }
  });
  return packed;
}

float round_to_bfloat16(float value) { return to_float(to_bfloat16(value)); }

}  // namespace sentence_torch
