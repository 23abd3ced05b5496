#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "model/batch.h"
#include "model/model.h"
#include "model/narrow.h"
#include "runtime/failure.h"

namespace sentence_torch {

/// The only place where JS values become C++ structs, and C++ structs JS values. TypeScript has
/// checked and defaulted them.

struct SessionOptions {
  ModelOptions model;
  int streams = 1;
  int intra_op_threads = 1;
};

SessionOptions to_session_options(const Napi::Object& object);

NarrowOptions to_narrow_options(const Napi::Object& object);

/// A copy of an Int32Array.
std::vector<int32_t> to_ints(const Napi::Value& value);

/// Copies ids and lengths. The rows point into JS memory: the caller holds a reference to `rows`
/// until the batch is done. Throws Failure ST_FORWARD_FAILED if the parts do not fit each other,
/// which is a bug in lib/.
Batch to_batch(const Napi::Value& ids, const Napi::Value& lengths, const Napi::Value& rows,
               int64_t dimension);

/// The `OptimizationReport` of binding.d.ts.
Napi::Value to_js(Napi::Env env, const OptimizationReport& report);

/// An Error with the code, for lib/native/native-error.ts to turn into one of our classes.
Napi::Error to_js_error(Napi::Env env, const Failure& failure);

}  // namespace sentence_torch
