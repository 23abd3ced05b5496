#include "binding/narrow_call.h"

#include <memory>
#include <utility>

#include "binding/coded.h"
#include "binding/environment.h"
#include "binding/job.h"
#include "binding/marshal.h"
#include "model/narrow.h"
#include "runtime/executor.h"
#include "runtime/stream_scope.h"

namespace sentence_torch {
namespace {

using ExecutorHandle = std::shared_ptr<Executor>;

/// What is in it ends with the returned object at the latest, on the JS thread.
Napi::Array owner_of(Napi::Env env, const ExecutorHandle& executor) {
  auto owner = Napi::Array::New(env, 1);
  owner.Set(0u, Napi::External<ExecutorHandle>::New(
                    env, new ExecutorHandle(executor),
                    [](Napi::Env, const ExecutorHandle* handle) { delete handle; }));
  return owner;
}

}  // namespace

// narrow(options: NarrowOptions): Promise<number>
Napi::Value narrow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_OUT_OF_MEMORY", [&]() -> Napi::Value {
    const auto options = to_narrow_options(info[0].As<Napi::Object>());
    const auto executor =
        std::make_shared<Executor>(1, [] { return enter_stream(c10::kCPU, /*threads=*/1); });
    auto& environment = Environment::of(env);
    environment.adopt(executor);
    const auto [ticket, promise] = environment.promises()->open(env, owner_of(env, executor));
    auto work = [options, stream = executor.get()](const Settler& done) {
      stream->stop();  // this is all it does
      done.resolve([count = write_narrow(options)](Napi::Env to) -> Napi::Value {
        return Napi::Number::New(to, count);
      });
    };
    executor->submit(std::make_unique<Job>(Settler{environment.promises(), ticket},
                                           "ST_MODEL_DAMAGED", std::move(work)));
    return promise;
  });
}

}  // namespace sentence_torch
