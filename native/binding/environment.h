#pragma once

#include <napi.h>

#include <memory>

#include "binding/promises.h"
#include "runtime/executor.h"
#include "runtime/lent_memory.h"
#include "runtime/process_end.h"

namespace sentence_torch {

/// What the addon keeps for one JS environment (the main thread, or one worker), and how it all
/// ends.
///
/// An environment ends without waiting for what runs: its memory is taken back and its promises are
/// closed, and a forward that still runs ends for nobody (natural end, worker.terminate()).
///
/// A process that ends while a stream is inside libtorch crashes: libtorch's statics are destroyed
/// under it. So streams are stopped and waited for, within a limit,
///  - by process.on('exit'), where lib/native calls shutdown(): process.exit(), uncaught errors;
///  - by an exit handler: exits that run no JavaScript of ours, such as that of a main thread that
///    loaded no model while its workers did. It is registered after a model's first forward, since
///    libtorch makes statics then that would otherwise be destroyed before it runs; and where an
///    environment ends before its streams do, since a load may be among what they run. An exit of
///    the main thread while its own first model is loading that runs no JavaScript
///    (process.reallyExit(), or exit() called by other native code) is therefore not covered.
class Environment {
 public:
  /// JS thread, once per environment, when the addon is loaded into it.
  static void open(Napi::Env env);
  static Environment& of(Napi::Env env);

  const std::shared_ptr<Promises>& promises() const { return promises_; }
  /// The memory of its ArrayBuffers.
  const std::shared_ptr<LentMemory>& memory() const { return memory_; }

  /// The executor's streams are stopped when this environment ends, and waited for when the process
  /// does.
  void adopt(const std::shared_ptr<Executor>& executor);

 private:
  explicit Environment(Napi::Env env) : promises_(std::make_shared<Promises>(env)) {}
  static void close(void* self);

  const std::shared_ptr<Promises> promises_;
  const std::shared_ptr<LentMemory> memory_ = std::make_shared<LentMemory>();
  Executors executors_;
};

}  // namespace sentence_torch
