#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <vector>

#include "binding/promises.h"
#include "runtime/executor.h"

namespace sentence_torch {

/// What the addon keeps for one JS environment (the main thread, or one worker), and how it all
/// ends.
///
/// A process that ends while a stream is inside libtorch crashes: libtorch's statics are destroyed
/// under it. So streams are stopped and joined
///  - by the environment's cleanup hook: natural end, and worker.terminate();
///  - by process.on('exit'), where lib/native calls end_process(): process.exit(), uncaught errors;
///  - by an atexit handler: exits that run no JavaScript. It is registered after the first forward,
///    since libtorch makes statics then that would otherwise be destroyed before it runs. Such an
///    exit while the first model is still loading (process.reallyExit(), or exit() called by other
///    native code) is therefore not covered.
class Environment {
 public:
  /// JS thread, once per environment, when the addon is loaded into it.
  static void open(Napi::Env env);
  static Environment& of(Napi::Env env);

  const std::shared_ptr<Promises>& promises() const { return promises_; }

  /// The executor is stopped and joined when this environment ends.
  void adopt(const std::shared_ptr<Executor>& executor);

  /// Any thread, after a model's first forward.
  static void register_atexit();

  /// Stops all streams of the process. If one has not ended in time, ends the process at once with
  /// `exit_code`: no code of ours may outlive libtorch.
  static void end_process(std::chrono::milliseconds limit, int exit_code);

 private:
  explicit Environment(Napi::Env env) : promises_(std::make_shared<Promises>(env)) {}
  static void close(void* self);

  std::shared_ptr<Promises> promises_;
  std::vector<std::weak_ptr<Executor>> executors_;
};

}  // namespace sentence_torch
