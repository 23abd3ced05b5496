#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <utility>

#include "binding/promises.h"
#include "runtime/executor.h"

namespace sentence_torch {

/// Work for a stream, which settles a promise, or throws and has it rejected.
class Job : public Task {
 public:
  using Work = std::function<void(const Settler&)>;

  Job(Settler promise, const char* fallback_code, Work work)
      : promise_(std::move(promise)), fallback_code_(fallback_code), work_(std::move(work)) {}

  void run() noexcept override {
    try {
      work_(promise_);
    } catch (...) {
      promise_.reject(describe(std::current_exception(), fallback_code_));
    }
  }

  void cancel(const Failure& reason) noexcept override { promise_.reject(reason); }

 private:
  const Settler promise_;
  const char* const fallback_code_;
  const Work work_;
};

/// JS thread. Has a stream of `executor` do the work; the promise is what it settles, and keeps
/// `kept_alive` until then. Nothing is left open if this throws.
std::pair<Promises::Ticket, Napi::Promise> submit_job(
    Napi::Env env, const std::shared_ptr<Promises>& promises, Executor& executor,
    const Napi::Array& kept_alive, const char* fallback_code, Job::Work work, Urgency urgency);

}  // namespace sentence_torch
