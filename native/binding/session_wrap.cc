#include "binding/session_wrap.h"

#include <initializer_list>
#include <utility>

#include "binding/coded.h"
#include "binding/environment.h"
#include "binding/job.h"
#include "model/pass_names.h"
#include "model/prepared_batch.h"
#include "runtime/cpu_budget.h"
#include "runtime/failure.h"
#include "runtime/free_memory.h"
#include "runtime/on_each_stream.h"
#include "runtime/shared_forward.h"
#include "runtime/stream_scope.h"

namespace sentence_torch {
namespace {

/// A batch as JavaScript holds it, to extend it.
struct OpenBatch {
  Promises::Ticket ticket;
  std::shared_ptr<PreparedBatch> batch;
};
using BatchHandle = Napi::External<OpenBatch>;

void destroy(Napi::Env, OpenBatch* open) { delete open; }

Napi::Array list(Napi::Env env, std::initializer_list<Napi::Value> values) {
  auto array = Napi::Array::New(env, values.size());
  uint32_t i = 0;
  for (const Napi::Value& value : values) array.Set(i++, value);
  return array;
}

std::shared_ptr<Executor> start_executor(Napi::Env env, const SessionOptions& options) {
  return coded(env, "ST_OUT_OF_MEMORY", [&] {
    return Executor::start(options.streams,
                           [device = options.model.device, threads = options.intra_op_threads] {
                             return enter_stream(device, threads);
                           });
  });
}

SessionOptions checked_options(const Napi::CallbackInfo& info) {
  return coded(info.Env(), "ST_INVALID_OPTION", [&] {
    auto options = to_session_options(info[0].As<Napi::Object>());
    check_passes(options.model);
    return options;
  });
}

/// Settles `loaded` once every stream has run the model.
void warm_up_streams(Executor& executor, const std::shared_ptr<const Model>& model, int cores,
                     const Settler& loaded) {
  const auto warm_up = [model, cores] {
    const CpuBudget::Share share(CpuBudget::process(), cores);
    model->warm_up();
  };
  // Made here, since making it may throw, and what follows may not.
  const Promises::MakeValue report = [model](Napi::Env env) { return to_js(env, model->report()); };
  run_on_each_stream(executor, warm_up, "ST_MODEL_DAMAGED",
                     [loaded, report](const std::optional<Failure>& failure) mutable {
                       if (failure) return loaded.reject(*failure);
                       release_free_memory();
                       register_exit_handler();
                       loaded.resolve(std::move(report));
                     });
}

}  // namespace

Napi::Function SessionWrap::define(Napi::Env env) {
  return DefineClass(
      env, "Session",
      {InstanceMethod<&SessionWrap::load>("load"), InstanceMethod<&SessionWrap::run>("run"),
       InstanceMethod<&SessionWrap::waits>("waits"), InstanceMethod<&SessionWrap::extend>("extend"),
       InstanceMethod<&SessionWrap::cancel>("cancel"),
       InstanceMethod<&SessionWrap::dispose>("dispose")});
}

// new Session(options: SessionOptions)
SessionWrap::SessionWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SessionWrap>(info),
      options_(checked_options(info)),
      promises_(Environment::of(info.Env()).promises()),
      memory_(Environment::of(info.Env()).memory()),
      executor_(start_executor(info.Env(), options_)) {
  Environment::of(info.Env()).adopt(executor_);
}

// load(): Promise<OptimizationReport>
Napi::Value SessionWrap::load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_MODEL_DAMAGED", [&]() -> Napi::Value {
    // The executor's streams end before it does.
    auto work = [slot = model_, options = options_.model, cores = cores_,
                 executor = executor_.get()](const Settler& loaded) {
      {
        const CpuBudget::Share share(CpuBudget::process(), cores);
        if (executor->is_stopped()) throw disposed();
        const SharedForward helped(*executor);
        *slot = Model::load(options);
      }
      warm_up_streams(*executor, *slot, cores, loaded);
    };
    return submit(env, list(env, {Value()}), "ST_MODEL_DAMAGED", std::move(work), Urgency::kUrgent)
        .second;
  });
}

// run(ids: Int32Array, lengths: Int32Array, rows: readonly Float32Array[], urgent: boolean): Running
Napi::Value SessionWrap::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_FORWARD_FAILED", [&] {
    auto batch = std::make_shared<PreparedBatch>(
        to_batch(info[0], info[1], info[2], options_.model.dimension));
    const auto urgency = info[3].ToBoolean() ? Urgency::kUrgent : Urgency::kNormal;
    // The executor's streams end before it does.
    auto work = [slot = model_, memory = memory_, batch, cores = cores_,
                 executor = executor_.get()](const Settler& done) {
      if (*slot == nullptr) throw Failure("ST_DISPOSED", "The model is not loaded.");
      if (batch->begin_if_empty()) return done.resolve();
      const CpuBudget::Share share(CpuBudget::process(), cores);
      const SharedForward helped(*executor);
      // Only now, with a core to run on: until here texts may join or be left out.
      if (const Batch begun = batch->begin(); !begun.lengths.empty())
        (*slot)->encode(begun, *memory);
      done.resolve();
    };
    // The session and the rows stay alive together.
    const auto [ticket, done] =
        submit(env, list(env, {Value(), info[2]}), "ST_FORWARD_FAILED", std::move(work), urgency);
    auto running = Napi::Object::New(env);
    running.Set("done", done);
    running.Set("batch", BatchHandle::New(env, new OpenBatch{ticket, std::move(batch)}, destroy));
    return running;
  });
}

// waits(batch: BatchHandle): boolean
Napi::Value SessionWrap::waits(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), info[0].As<BatchHandle>().Data()->batch->waits());
}

// extend(batch: BatchHandle, ids: Int32Array, lengths: Int32Array, rows: readonly Float32Array[]): boolean
Napi::Value SessionWrap::extend(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_FORWARD_FAILED", [&] {
    const OpenBatch& open = *info[0].As<BatchHandle>().Data();
    const Batch more = to_batch(info[1], info[2], info[3], options_.model.dimension);
    promises_->keep_alive(open.ticket, info[3]);  // first: a stream may begin at once
    return Napi::Boolean::New(env, open.batch->extend(more));
  });
}

// cancel(batch: BatchHandle, places: Int32Array): boolean
Napi::Value SessionWrap::cancel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_FORWARD_FAILED", [&] {
    const OpenBatch& open = *info[0].As<BatchHandle>().Data();
    return Napi::Boolean::New(env, open.batch->cancel(to_ints(info[1])));
  });
}

// dispose(): Promise<void>
Napi::Value SessionWrap::dispose(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_OUT_OF_MEMORY", [&]() -> Napi::Value {
    const auto [ticket, promise] = promises_->open(env, list(env, {Value()}));
    try {
      executor_->stop([slot = model_, promises = promises_, ticket = ticket] {
        slot->reset();  // no stream is left: the weights go here, off the JS thread
        promises->resolve(ticket);
      });
    } catch (...) {
      promises_->withdraw(ticket);
      throw;
    }
    return promise;
  });
}

std::pair<Promises::Ticket, Napi::Promise> SessionWrap::submit(Napi::Env env,
                                                               const Napi::Array& kept_alive,
                                                               const char* fallback_code,
                                                               Job::Work work, Urgency urgency) {
  return submit_job(env, promises_, *executor_, kept_alive, fallback_code, std::move(work),
                    urgency);
}

}  // namespace sentence_torch
