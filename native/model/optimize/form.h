#pragma once

#include "model/optimization_report.h"
#include "model/optimize/check.h"
#include "model/optimize/workbench.h"

namespace sentence_torch {

struct ModelOptions;

/// Packs the weights of all layers in the form of the options; of float32, in the faster one of 16
/// bits of mantissa where this model's embeddings show no difference that matters.
void choose_form(Workbench& bench, const SelfCheck& check, const ModelOptions& options,
                 OptimizationReport& report);

}  // namespace sentence_torch
