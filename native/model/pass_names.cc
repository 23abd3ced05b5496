#include "model/pass_names.h"

#include <algorithm>

#include "model/optimize/passes.h"
#include "runtime/failure.h"

namespace sentence_torch {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ", ") + name;
  return joined;
}

}  // namespace

const std::vector<std::string>& pass_names() {
  static const auto* names = [] {
    auto* all = new std::vector<std::string>;
    for (const Pass& pass : kPasses) all->emplace_back(pass.name);
    all->emplace_back(kFloat32x2Pass);
    return all;
  }();
  return *names;
}

void check_passes(const ModelOptions& options) {
  const auto& known = pass_names();
  for (const auto& name : options.disabled_passes) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw Failure("ST_INVALID_OPTION", "optimize.disable names the pass \"" + name +
                                             "\", which does not exist. There are: " + join(known) +
                                             ".");
    }
    // This pass is what converts the weights.
    if (name == "linear" && options.form != LinearForm::kFloat32) {
      throw Failure("ST_INVALID_OPTION",
                    "optimize.disable names the pass \"linear\", which converts the weights: only "
                    "dtype 'float32' can do without it.");
    }
  }
}

}  // namespace sentence_torch
