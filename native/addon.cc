#include <napi.h>

#include "binding/environment.h"
#include "binding/session_wrap.h"
#include "runtime/stream_scope.h"

namespace {

using sentence_torch::Environment;

// devices(): { cuda: number }
Napi::Value devices(const Napi::CallbackInfo& info) {
  auto found = Napi::Object::New(info.Env());
  found.Set("cuda", sentence_torch::cuda_device_count());
  return found;
}

// shutdown(timeoutMs: number, exitCode: number): void
void shutdown(const Napi::CallbackInfo& info) {
  Environment::end_process(std::chrono::milliseconds(info[0].ToNumber().Int64Value()),
                           info[1].ToNumber().Int32Value());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Environment::open(env);
  exports.Set("Session", sentence_torch::SessionWrap::define(env));
  exports.Set("devices", Napi::Function::New(env, devices, "devices"));
  exports.Set("shutdown", Napi::Function::New(env, shutdown, "shutdown"));
  return exports;
}

}  // namespace

NODE_API_MODULE(sentence_torch, init)
