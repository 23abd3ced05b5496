#pragma once

#include <napi.h>

namespace sentence_torch {

/// The `narrow` of binding.d.ts.
Napi::Value narrow(const Napi::CallbackInfo& info);

}  // namespace sentence_torch
