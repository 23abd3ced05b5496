#include <napi.h>

#include "binding/coded.h"
#include "binding/environment.h"
#include "binding/narrow_call.h"
#include "binding/session_wrap.h"
#include "kernels/isa.h"
#include "model/pass_names.h"
#include "runtime/process_end.h"
#include "runtime/stream_scope.h"

namespace {

// devices(): { cuda: number }
Napi::Value devices(const Napi::CallbackInfo& info) {
  auto found = Napi::Object::New(info.Env());
  found.Set("cuda", sentence_torch::cuda_device_count());
  return found;
}

// cpu(): { isa: string; bfloat16: boolean; int8: boolean }
Napi::Value cpu(const Napi::CallbackInfo& info) {
  return sentence_torch::coded(info.Env(), "ST_INVALID_OPTION", [&] {
    auto found = Napi::Object::New(info.Env());
    found.Set("isa", sentence_torch::to_string(sentence_torch::isa()));
    found.Set("bfloat16", sentence_torch::has_bfloat16());
    found.Set("int8", sentence_torch::has_int8());
    return found;
  });
}

// passes(): string[]
Napi::Value passes(const Napi::CallbackInfo& info) {
  const auto& names = sentence_torch::pass_names();
  auto array = Napi::Array::New(info.Env(), names.size());
  for (uint32_t i = 0; i < names.size(); ++i) array.Set(i, names[i]);
  return array;
}

// shutdown(timeoutMs: number, exitCode: number): void
void shutdown(const Napi::CallbackInfo& info) {
  sentence_torch::end_streams_or_process(std::chrono::milliseconds(info[0].ToNumber().Int64Value()),
                                         info[1].ToNumber().Int32Value());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  sentence_torch::Environment::open(env);
  exports.Set("Session", sentence_torch::SessionWrap::define(env));
  exports.Set("devices", Napi::Function::New(env, devices, "devices"));
  exports.Set("cpu", Napi::Function::New(env, cpu, "cpu"));
  exports.Set("passes", Napi::Function::New(env, passes, "passes"));
  exports.Set("narrow", Napi::Function::New(env, sentence_torch::narrow, "narrow"));
  exports.Set("shutdown", Napi::Function::New(env, shutdown, "shutdown"));
  return exports;
}

}  // namespace

NODE_API_MODULE(sentence_torch, init)
