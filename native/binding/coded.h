#pragma once

#include <napi.h>

#include "binding/marshal.h"
#include "runtime/failure.h"

namespace sentence_torch {

/// Calls `work`, and throws whatever it throws as a JS error with a code.
template <typename Work>
auto coded(Napi::Env env, const char* fallback_code, Work work) {
  try {
    return work();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw to_js_error(env, describe(std::current_exception(), fallback_code));
  }
}

}  // namespace sentence_torch
