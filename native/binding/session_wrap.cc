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
    return std::make_shared<Executor>(
        options.streams, [device = options.model.device, threads = options.intra_op_threads] {
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

}  // namespace

Napi::Function SessionWrap::define(Napi::Env env) {
  return DefineClass(
      env, "Session",
      {InstanceMethod<&SessionWrap::load>("load"), InstanceMethod<&SessionWrap::run>("run"),
       InstanceMethod<&SessionWrap::waits>("waits"), InstanceMethod<&SessionWrap::extend>("extend"),
       InstanceMethod<&SessionWrap::dispose>("dispose")});
}

// new Session(options: SessionOptions)
SessionWrap::SessionWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SessionWrap>(info),
      options_(checked_options(info)),
      promises_(Environment::of(info.Env()).promises()),
      executor_(start_executor(info.Env(), options_)) {
  Environment::of(info.Env()).adopt(executor_);
}

// load(): Promise<OptimizationReport>
Napi::Value SessionWrap::load(const Napi::CallbackInfo& info) {
  // The executor's streams end before it does.
  auto work = [slot = model_, options = options_.model, cores = cores_,
               executor = executor_.get()](const Settler& loaded) {
    {
      const SharedForward helped(*executor);
      *slot = Model::load(options);
    }
    const auto warm_up = [slot, cores] {
      const CpuBudget::Share share(CpuBudget::process(), cores);
      (*slot)->warm_up();
    };
    run_on_each_stream(
        *executor, warm_up, "ST_MODEL_DAMAGED",
        [slot, loaded](const std::optional<Failure>& failure) {
          if (failure) return loaded.reject(*failure);
          release_free_memory();
          Environment::register_atexit();
          loaded.resolve([model = *slot](Napi::Env env) { return to_js(env, model->report()); });
        });
  };
  return submit(info.Env(), list(info.Env(), {Value()}), "ST_MODEL_DAMAGED", std::move(work),
                Urgency::kUrgent)
      .second;
}

// run(ids: Int32Array, lengths: Int32Array, rows: readonly Float32Array[], urgent: boolean): Running
Napi::Value SessionWrap::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return coded(env, "ST_FORWARD_FAILED", [&] {
    auto batch = std::make_shared<PreparedBatch>(
        to_batch(info[0], info[1], info[2], options_.model.dimension));
    const auto urgency = info[3].ToBoolean() ? Urgency::kUrgent : Urgency::kNormal;
    // The executor's streams end before it does.
    auto work = [slot = model_, batch, cores = cores_,
                 executor = executor_.get()](const Settler& done) {
      if (*slot == nullptr) throw Failure("ST_DISPOSED", "The model is not loaded.");
      const CpuBudget::Share share(CpuBudget::process(), cores);
      const SharedForward helped(*executor);
      (*slot)->encode(batch->begin());
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

// dispose(): Promise<void>
Napi::Value SessionWrap::dispose(const Napi::CallbackInfo& info) {
  const auto [ticket, promise] = promises_->open(info.Env(), list(info.Env(), {Value()}));
  executor_->stop([slot = model_, promises = promises_, ticket = ticket] {
    slot->reset();  // no stream is left: the weights go here, off the JS thread
    promises->resolve(ticket);
  });
  return promise;
}

std::pair<Promises::Ticket, Napi::Promise> SessionWrap::submit(Napi::Env env,
                                                               const Napi::Array& kept_alive,
                                                               const char* fallback_code,
                                                               Job::Work work, Urgency urgency) {
  const auto opened = promises_->open(env, kept_alive);
  executor_->submit(
      std::make_unique<Job>(Settler{promises_, opened.first}, fallback_code, std::move(work)),
      urgency);
  return opened;
}

}  // namespace sentence_torch
