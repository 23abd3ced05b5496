#include "runtime/on_each_stream.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace sentence_torch {
namespace {

/// Where the streams meet: each waits, so that none can take a second task of these.
class Meeting {
 public:
  Meeting(int streams, std::function<void()> work, const char* fallback_code,
          std::function<void(const std::optional<Failure>&)> done)
      : missing_(streams),
        unfinished_(streams),
        work_(std::move(work)),
        fallback_code_(fallback_code),
        done_(std::move(done)) {}

  void attend() noexcept {
    if (all_come()) {
      try {
        work_();
      } catch (...) {
        fail(describe(std::current_exception(), fallback_code_));
      }
    }
    finish();
  }

  /// Instead of attend(). Those who wait for this one need not.
  void call_off(const Failure& reason) noexcept {
    fail(reason);
    finish();
  }

 private:
  bool all_come() {
    std::unique_lock lock(mutex_);
    if (--missing_ == 0) changed_.notify_all();
    changed_.wait(lock, [this] { return missing_ == 0 || failure_; });
    return !failure_;
  }

  void fail(const Failure& failure) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = failure;
    changed_.notify_all();
  }

  void finish() {
    {
      std::lock_guard lock(mutex_);
      if (--unfinished_ > 0) return;
    }
    done_(failure_);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int missing_;
  int unfinished_;
  std::optional<Failure> failure_;
  const std::function<void()> work_;
  const char* const fallback_code_;
  const std::function<void(const std::optional<Failure>&)> done_;
};

class Attendance final : public Task {
 public:
  explicit Attendance(std::shared_ptr<Meeting> meeting) : meeting_(std::move(meeting)) {}
  void run() noexcept override { meeting_->attend(); }
  void cancel(const Failure& reason) noexcept override { meeting_->call_off(reason); }

 private:
  const std::shared_ptr<Meeting> meeting_;
};

}  // namespace

void run_on_each_stream(Executor& executor, std::function<void()> work, const char* fallback_code,
                        std::function<void(const std::optional<Failure>&)> done) {
  const int streams = executor.streams();
  const auto meeting =
      std::make_shared<Meeting>(streams, std::move(work), fallback_code, std::move(done));
  // All of them first: should there be no memory for one, the others would wait for it.
  TaskQueue attendances;
  for (int i = 0; i < streams; ++i) attendances.push(std::make_unique<Attendance>(meeting));
  while (!attendances.empty()) executor.submit(attendances.pop(), Urgency::kUrgent);
}

}  // namespace sentence_torch
