#include "kernels/linear.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/isa.h"
#include "kernels/linear/int8_row.h"

namespace sentence_torch::testing {
namespace {

struct Shape {
  int64_t rows, inputs, outputs;
};

struct Case {
  std::vector<float> x, weight, bias;
  explicit Case(const Shape& shape)
      : x(normal(shape.rows * shape.inputs, 1, 1)),
        weight(normal(shape.outputs * shape.inputs, 0.05f, 2)),
        bias(normal(shape.outputs, 0.5f, 3)) {}
};

std::vector<double> linear(const std::vector<float>& x, const Case& of, const Shape& shape) {
  std::vector<double> y;
  for (int64_t row = 0; row < shape.rows; ++row) {
    for (int64_t output = 0; output < shape.outputs; ++output) {
      double sum = of.bias[static_cast<size_t>(output)];
      for (int64_t input = 0; input < shape.inputs; ++input) {
        sum += double{x[static_cast<size_t>(row * shape.inputs + input)]} *
               of.weight[static_cast<size_t>(output * shape.inputs + input)];
      }
      y.push_back(sum);
    }
  }
  return y;
}

PackedLinear pack(const Case& of, const Shape& shape, LinearForm form, Activation activation) {
  return {of.weight.data(), of.bias.data(), shape.outputs, shape.inputs, form, activation};
}

constexpr Shape kShapes[] = {{1, 384, 384}, {2, 1, 1},    {5, 7, 33},    {11, 64, 100},
                             {16, 65, 32},  {17, 31, 31}, {33, 100, 65}, {47, 768, 50},
                             {512, 40, 20}, {513, 33, 40}};

struct Form {
  LinearForm form;
  const char* name;
  double tolerance;  // of the size of the values
};
constexpr Form kForms[] = {{LinearForm::kFloat32, "float32", 2e-6},
                           {LinearForm::kFloat32x2, "float32x2", 3e-5},
                           {LinearForm::kBfloat16, "bfloat16", 8e-3},
                           {LinearForm::kInt8, "int8", 4e-2}};

std::string title(const Form& form, const Shape& s) {
  return std::string("linear ") + form.name + " " + std::to_string(s.rows) + " x " +
         std::to_string(s.inputs) + " x " + std::to_string(s.outputs);
}

double size(const Shape& shape) { return 0.5 + 0.05 * std::sqrt(double(shape.inputs)); }

const Test kAllShapes("linear layers of all forms and shapes", [] {
  for (const Form& form : kForms) {
    for (const Shape& shape : kShapes) {
      const Case with(shape);
      std::vector<float> y(static_cast<size_t>(shape.rows * shape.outputs), NAN);
      pack(with, shape, form.form, Activation::kNone).run(with.x.data(), shape.rows, y.data());
      expect_near(title(form, shape), y, linear(with.x, with, shape), form.tolerance, size(shape));
    }
  }
});

// What a model folder with int8 weights rests on: stored, widened and packed, they are what packing
// the original ones gives.
const Test kRepeatable("int8 of weights that were int8 are the same, and so is their scale", [] {
  bool same = true, repeatable = true;
  for (uint32_t seed = 0; seed < 20000; ++seed) {
    const auto deviation = static_cast<float>(std::exp2(int(seed % 60) - 50) * (1 + seed / 2e4));
    std::vector<float> weights = normal(16, deviation, seed);
    const Int8Scale first = int8_scale(weights.data(), 16);
    std::vector<int8_t> values;
    for (float& weight : weights) {
      values.push_back(to_int8(weight, first));
      weight = static_cast<float>(values.back()) * first.scale;
    }
    const Int8Scale again = int8_scale(weights.data(), 16);
    repeatable = repeatable && first.is_repeatable();
    same = same && again.scale == first.scale;
    for (size_t i = 0; i < 16; ++i) same = same && to_int8(weights[i], again) == values[i];
  }
  expect("the same", same);
  expect("repeatable", repeatable);
});

const Test kNotRepeatable("int8 of zeros come back, of subnormal or infinite weights not", [] {
  const auto repeatable = [](float weight) { return int8_scale(&weight, 1).is_repeatable(); };
  expect("zero", repeatable(0));
  expect("small", repeatable(1e-35f));
  expect("subnormal scale", !repeatable(1e-37f));
  expect("no scale left", !repeatable(1e-45f));
  expect("infinite", !repeatable(INFINITY));
});

const Test kNoBias("a linear layer without bias", [] {
  const Shape shape{3, 20, 10};
  Case with(shape);
  const PackedLinear layer(with.weight.data(), nullptr, shape.outputs, shape.inputs,
                           LinearForm::kFloat32, Activation::kNone);
  std::vector<float> y(30, NAN);
  layer.run(with.x.data(), shape.rows, y.data());
  with.bias.assign(with.bias.size(), 0);
  expect_near("without bias", y, linear(with.x, with, shape), 1e-5, size(shape));
});

const Test kZeros("rows and weights of zeros", [] {
  for (const Form& form : kForms) {
    const Shape shape{2, 70, 40};
    Case with(shape);
    with.x.assign(with.x.size(), 0);
    with.weight.assign(with.weight.size(), 0);
    std::vector<float> y(80, NAN);
    pack(with, shape, form.form, Activation::kNone).run(with.x.data(), shape.rows, y.data());
    expect_near(title(form, shape), y, linear(with.x, with, shape), 1e-6, 1);
  }
});

const Test kBoth("two layers at once with an activation between them", [] {
  for (const Form& form : kForms) {
    for (const int64_t rows : {1, 20, 40, 600}) {
      const Shape up{rows, 48, 1100}, down{rows, 1100, 24};
      const Case first(up), second(down);
      std::vector<float> y(static_cast<size_t>(rows * down.outputs), NAN);
      PackedLinear::run_both(pack(first, up, form.form, Activation::kRelu),
                             pack(second, down, form.form, Activation::kNone), first.x.data(), rows,
                             y.data());
      std::vector<float> between;
      for (const double value : linear(first.x, first, up)) {
        between.push_back(static_cast<float>(std::fmax(value, 0)));
      }
      expect_near(title(form, up) + " twice", y, linear(between, second, down), form.tolerance,
                  size(down));
    }
  }
});

// An embedding must not depend on the texts that are computed beside it.
const Test kBothAlone("two layers at once give a row the same whatever rows are with it", [] {
  for (const Form& form : kForms) {
    const Shape up{600, 96, 1100}, down{600, 1100, 40};
    const Case first(up), second(down);
    const PackedLinear up_layer = pack(first, up, form.form, Activation::kGelu);
    const PackedLinear down_layer = pack(second, down, form.form, Activation::kNone);
    std::vector<float> all(600 * 40, NAN), alone(40, NAN);
    PackedLinear::run_both(up_layer, down_layer, first.x.data(), 600, all.data());
    PackedLinear::run_both(up_layer, down_layer, first.x.data() + 96 * 599, 1, alone.data());
    const std::vector<float> last(all.end() - 40, all.end());
    expect(std::string(form.name) + ": the same", last == alone);
  }
});

void expect_gelu(const Form& form, const std::vector<float>& values, double scale) {
  const bool is_rough = form.form == LinearForm::kBfloat16 || form.form == LinearForm::kInt8;
  const bool has_16_bits = form.form == LinearForm::kFloat32x2;
  const auto count = static_cast<int64_t>(values.size());
  const std::vector<float> weight(values.size(), 0);
  const float x = 0;
  const PackedLinear layer(weight.data(), values.data(), count, 1, form.form, Activation::kGelu);
  std::vector<float> y(values.size(), NAN);
  layer.run(&x, 1, y.data());
  std::vector<double> expected;
  for (const float v : values) expected.push_back(v * 0.5 * std::erfc(-v / std::sqrt(2.0)));
  expect_near(std::string("GELU, ") + form.name, y, expected,
              is_rough ? 2e-4 : has_16_bits ? 1.3e-6 : 3e-7, scale);
}

// Forms of fewer bits have a simpler GELU, which is clamped far out.
const Test kGeluOfForms("the GELU behind a layer, at all magnitudes", [] {
  std::vector<float> values;
  for (int i = -12000; i <= 12000; ++i) values.push_back(static_cast<float>(i) * 1e-3f);
  for (const Form& form : kForms) {
    expect_gelu(form, values, 1);
    expect_gelu(form, {-1000, 1000, NAN}, 1000);
  }
});

const Bench kSpeedOfBoth("feed forward", [] {
  for (const Form& form : kForms) {
    for (const Shape& up : {Shape{512, 384, 1536}, {512, 768, 3072}}) {
      const Shape down{up.rows, up.outputs, up.inputs};
      const Case first(up), second(down);
      const PackedLinear up_layer = pack(first, up, form.form, Activation::kGelu);
      const PackedLinear down_layer = pack(second, down, form.form, Activation::kNone);
      std::vector<float> y(static_cast<size_t>(up.rows * up.inputs));
      const double flops = 4.0 * double(up.rows) * double(up.inputs) * double(up.outputs);
      measure("feed forward, " + title(form, up), flops, "FLOP", [&] {
        PackedLinear::run_both(up_layer, down_layer, first.x.data(), up.rows, y.data());
      });
    }
  }
});

const Bench kSpeed("linear", [] {
  for (const Form& form : kForms) {
    for (const Shape& shape : {Shape{11, 384, 1536},
                               {128, 384, 1536},
                               {128, 1536, 384},
                               {128, 768, 3072},
                               {128, 3072, 768},
                               {512, 768, 2304},
                               {512, 3072, 768}}) {
      const Case with(shape);
      const PackedLinear layer = pack(with, shape, form.form, Activation::kNone);
      std::vector<float> y(static_cast<size_t>(shape.rows * shape.outputs));
      const double flops = 2.0 * double(shape.rows) * double(shape.inputs) * double(shape.outputs);
      measure(title(form, shape), flops, "FLOP",
              [&] { layer.run(with.x.data(), shape.rows, y.data()); });
    }
  }
});

// All the linear layers of MiniLM, as one short text meets them: their weights come from far away.
const Bench kOneText("one text", [] {
  for (const Form& form : kForms) {
    std::vector<Case> cases;
    std::vector<PackedLinear> layers;
    double flops = 0;
    for (int layer = 0; layer < 6; ++layer) {
      for (const Shape& shape :
           {Shape{11, 384, 1152}, {11, 384, 384}, {11, 384, 1536}, {11, 1536, 384}}) {
        cases.emplace_back(shape);
        layers.push_back(pack(cases.back(), shape, form.form, Activation::kNone));
        flops += 2.0 * double(shape.rows) * double(shape.inputs) * double(shape.outputs);
      }
    }
    std::vector<float> y(11 * 1536);
    measure(std::string("one text, ") + form.name, flops, "FLOP", [&] {
      for (size_t i = 0; i < layers.size(); ++i) layers[i].run(cases[i].x.data(), 11, y.data());
    });
  }
});

}  // namespace
}  // namespace sentence_torch::testing
