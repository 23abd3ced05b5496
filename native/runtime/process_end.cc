#include "runtime/process_end.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <utility>

namespace sentence_torch {
namespace {

constexpr std::chrono::milliseconds kAtExitLimit{4000};

// Those of all environments. Never destroyed, since it is used while statics are.
struct Registry {
  std::mutex mutex;
  Executors executors;
};

Registry& registry() {
  static auto* instance = new Registry;
  return *instance;
}

#ifdef __GLIBC__
void at_exit(int exit_code, void*) { end_streams_or_process(kAtExitLimit, exit_code); }
#else
// The exit code that was asked for is not told here.
void at_exit() { end_streams_or_process(kAtExitLimit, EXIT_FAILURE); }
#endif

}  // namespace

void Executors::add(const std::shared_ptr<Executor>& executor) {
  std::erase_if(executors_, [](const auto& known) { return known.expired(); });
  executors_.push_back(executor->weak_from_this());
}

bool Executors::end(std::chrono::milliseconds limit) {
  // All are stopped first, so that they end side by side.
  for (const auto& known : executors_) {
    if (const auto executor = known.lock()) executor->stop();
  }
  const auto deadline = std::chrono::steady_clock::now() + limit;
  return std::all_of(executors_.begin(), executors_.end(), [&](const auto& known) {
    const auto executor = known.lock();
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return !executor || executor->wait_ended(std::max(left, std::chrono::milliseconds(0)));
  });
}

void end_with_process(const std::shared_ptr<Executor>& executor) {
  std::lock_guard lock(registry().mutex);
  registry().executors.add(executor);
}

void end_streams_or_process(std::chrono::milliseconds limit, int exit_code) noexcept {
  std::lock_guard lock(registry().mutex);
  if (!registry().executors.end(limit)) std::_Exit(exit_code);
}

void register_exit_handler() noexcept {
#ifdef __GLIBC__
  on_exit(at_exit, nullptr);
#else
  std::atexit(at_exit);
#endif
}

}  // namespace sentence_torch
