#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>

#include "runtime/executor.h"

/// What the programs of this folder share: each prints a line per test and ends with 0, or with 1
/// and what went wrong.
namespace sentence_torch::testing {

constexpr std::chrono::seconds kLimit{20};

inline void expect(bool ok, const char* what) {
  if (ok) return;
  std::printf("FAILED: %s\n", what);
  std::fflush(stdout);
  std::_Exit(1);
}

/// Calls back until it is true.
inline void until(const std::function<bool()>& done, const char* what) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (!done()) expect(std::chrono::steady_clock::now() < deadline, what);
}

struct Counts {
  std::atomic<int> run{0};
  std::atomic<int> cancelled{0};
};

class Lambda : public Task {
 public:
  Lambda(Counts& counts, std::function<void()> work) : counts_(counts), work_(std::move(work)) {}
  void run() noexcept override {
    work_();
    ++counts_.run;
  }
  void cancel(const Failure&) noexcept override { ++counts_.cancelled; }

 private:
  Counts& counts_;
  const std::function<void()> work_;
};

/// Unlike an executor by itself, this one is waited for when it goes: tasks use what stands around.
inline std::shared_ptr<Executor> start(int streams) {
  auto executor = Executor::start(streams, [] { return std::shared_ptr<void>(); });
  return {executor.get(), [executor](Executor*) {
            executor->stop();
            expect(executor->wait_ended(kLimit), "all streams end");
          }};
}

}  // namespace sentence_torch::testing
