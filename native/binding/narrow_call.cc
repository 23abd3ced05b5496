#include "binding/narrow_call.h"

#include <utility>

#include "binding/coded.h"
#include "binding/environment.h"
#include "binding/job.h"
#include "binding/marshal.h"
#include "model/narrow.h"
#include "runtime/cpu_budget.h"
#include "runtime/executor.h"
#include "runtime/stream_scope.h"

namespace sentence_torch {
// narrow(options: NarrowOptions): Promise<number>
Napi::Value narrow(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_OUT_OF_MEMORY", [&]() -> Napi::Value {
    const auto options = to_narrow_options(info[0].As<Napi::Object>());
    const auto executor = Executor::start(1, [] { return enter_stream(c10::kCPU, /*threads=*/1); });
    auto& environment = Environment::of(env);
    environment.adopt(executor);
    // The executor belongs to its only task, and ends with it.
    auto work = [options, executor](const Settler& done) {
      const CpuBudget::Share share(CpuBudget::process(), 1);
      done.resolve([count = write_narrow(options)](Napi::Env to) -> Napi::Value {
        return Napi::Number::New(to, count);
      });
    };
    return submit_job(env, environment.promises(), *executor, Napi::Array::New(env),
                      "ST_MODEL_DAMAGED", std::move(work), Urgency::kNormal)
        .second;
  });
}

}  // namespace sentence_torch
