#pragma once

#include <string>
#include <vector>

#include "model/model.h"

namespace sentence_torch {

/// The optimiser's passes that can be switched off, in the order in which they run.
const std::vector<std::string>& pass_names();

/// Throws Failure ST_INVALID_OPTION if `disabled_passes` names a pass that does not exist, or one
/// that `form` needs.
void check_passes(const ModelOptions& options);

}  // namespace sentence_torch
