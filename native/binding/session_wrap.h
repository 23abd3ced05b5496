#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "binding/job.h"
#include "binding/marshal.h"
#include "binding/promises.h"
#include "runtime/executor.h"
#include "runtime/lent_memory.h"

namespace sentence_torch {

/// The `Session` of binding.d.ts.
class SessionWrap : public Napi::ObjectWrap<SessionWrap> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit SessionWrap(const Napi::CallbackInfo& info);

 private:
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value waits(const Napi::CallbackInfo& info);
  Napi::Value extend(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  std::pair<Promises::Ticket, Napi::Promise> submit(Napi::Env env, const Napi::Array& kept_alive,
                                                    const char* fallback_code, Job::Work work,
                                                    Urgency urgency);

  // Filled by the load task, read by the batches that JavaScript sends once it is loaded, emptied
  // by the last stream.
  using ModelSlot = std::shared_ptr<const Model>;

  const SessionOptions options_;
  const int cores_ = options_.model.device.is_cpu() ? options_.intra_op_threads : 0;
  const std::shared_ptr<Promises> promises_;
  const std::shared_ptr<LentMemory> memory_;
  const std::shared_ptr<ModelSlot> model_ = std::make_shared<ModelSlot>();
  const std::shared_ptr<Executor> executor_;
};

}  // namespace sentence_torch
