#include "binding/environment.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

namespace sentence_torch {
namespace {

constexpr std::chrono::milliseconds kAtExitLimit{4000};

// The executors of all environments. Never destroyed, since it is used while statics are.
struct Registry {
  std::mutex mutex;
  std::vector<std::weak_ptr<Executor>> executors;
};

Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

void forget_expired(std::vector<std::weak_ptr<Executor>>& executors) {
  std::erase_if(executors, [](const auto& executor) { return executor.expired(); });
}

// Stops them all first, so that they end side by side.
bool stop_and_wait(const std::vector<std::weak_ptr<Executor>>& executors,
                   std::chrono::milliseconds limit) {
  std::vector<std::shared_ptr<Executor>> alive;
  for (const auto& weak : executors) {
    if (auto executor = weak.lock()) alive.push_back(std::move(executor));
  }
  for (const auto& executor : alive) executor->stop();
  const auto deadline = std::chrono::steady_clock::now() + limit;
  return std::all_of(alive.begin(), alive.end(), [&](const auto& executor) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return executor->wait_ended(std::max(left, std::chrono::milliseconds(0)));
  });
}

bool stop_process(std::chrono::milliseconds limit) {
  std::vector<std::weak_ptr<Executor>> executors;
  {
    std::lock_guard lock(registry().mutex);
    executors = registry().executors;
  }
  return stop_and_wait(executors, limit);
}

}  // namespace

void Environment::open(Napi::Env env) {
  auto* self = new Environment(env);
  env.SetInstanceData(self);  // deleted with the environment, after its cleanup hooks
  // Hooks run last in, first out: this one before that of the promises' thread-safe function.
  NAPI_THROW_IF_FAILED_VOID(env, napi_add_env_cleanup_hook(env, close, self));
}

Environment& Environment::of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

void Environment::adopt(const std::shared_ptr<Executor>& executor) {
  forget_expired(executors_);
  executors_.push_back(executor);
  std::lock_guard lock(registry().mutex);
  forget_expired(registry().executors);
  registry().executors.push_back(executor);
}

void Environment::register_atexit() {
  static std::once_flag once;
  std::call_once(once, [] {
  // Past the limit there is no safe way on: the statics that a stream uses are destroyed next.
#ifdef __GLIBC__
    on_exit([](int exit_code, void*) { end_process(kAtExitLimit, exit_code); }, nullptr);
#else
    std::atexit([] { end_process(kAtExitLimit, EXIT_FAILURE); });  // does not tell the code
#endif
  });
}

void Environment::end_process(std::chrono::milliseconds limit, int exit_code) {
  if (!stop_process(limit)) std::_Exit(exit_code);
}

void Environment::close(void* data) {
  // Streams write into this environment's memory, so there is no limit here: the running batch must
  // end.
  auto* self = static_cast<Environment*>(data);
  while (!stop_and_wait(self->executors_, std::chrono::hours(1))) {
  }
  self->promises_->close();
}

}  // namespace sentence_torch
