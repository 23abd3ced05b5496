#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "runtime/failure.h"
#include "runtime/task.h"
#include "runtime/team.h"

namespace sentence_torch {

/// Which tasks go first: urgent ones, but of five tasks at least one is normal if any waits.
enum class Urgency { kNormal, kUrgent };

/// Streams: long-lived threads that take tasks from one queue. Inference runs here and
/// never on libuv's pool, which is small and shared with file and DNS calls. A stream without a
/// task helps one that has one, on a core that is to spare, until a task comes.
class Executor : public std::enable_shared_from_this<Executor> {
 public:
  /// `enter` runs first on each stream; what it returns lives on that thread until the stream ends.
  /// If it throws, the executor stops and cancels its tasks with that error.
  using Enter = std::function<std::shared_ptr<void>()>;
  /// Runs on the last stream that ends. May not throw.
  using OnEnded = std::function<void()>;

  /// The streams stop when the last copy of what is returned goes, and keep the executor until they
  /// have ended: nobody has to wait for a task that runs. A task may use it without owning it.
  static std::shared_ptr<Executor> start(int streams, Enter enter);

  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// How many there are.
  int streams() const { return streams_; }

  /// Queues the task, or cancels it at once after stop().
  void submit(std::unique_ptr<Task> task, Urgency urgency = Urgency::kNormal) noexcept;

  /// A task on one of these streams: asks streams that have none to help `team`, if any may. Costs
  /// next to nothing when all are busy.
  void invite(const std::shared_ptr<ForwardTeam>& team) noexcept;
  void withdraw(const std::shared_ptr<ForwardTeam>& team) noexcept;

  /// Takes no more tasks and cancels those that wait; what runs goes on to its end. Returns at
  /// once. Safe to repeat.
  void stop() noexcept;
  /// And calls back, on this thread if all streams have ended already.
  void stop(OnEnded on_ended);
  bool is_stopped();

  /// Waits until every stream has ended, at most `limit`. True if they have.
  bool wait_ended(std::chrono::milliseconds limit);

 private:
  /// Outlives all else of a stream's thread.
  class Farewell {
   public:
    explicit Farewell(std::shared_ptr<Executor> executor) : executor_(std::move(executor)) {}
    ~Farewell() { executor_->thread_ended(); }

   private:
    const std::shared_ptr<Executor> executor_;
  };

  Executor(int streams, Enter enter);

  void start_threads();
  void run_stream();
  void serve();
  std::unique_ptr<Task> next_task();
  bool has_tasks() const { return !urgent_.empty() || !normal_.empty(); }
  std::unique_ptr<Task> take_task();
  void help(ForwardTeam& team) const;
  void stop_because(const Failure& reason) noexcept;
  void end_stream();
  void thread_ended();

  const int streams_;
  const Enter enter_;
  std::mutex mutex_;
  std::condition_variable changed_;
  TaskQueue normal_;
  TaskQueue urgent_;
  int urgent_in_a_row_ = 0;
  std::optional<Failure> stopped_;
  std::vector<std::shared_ptr<ForwardTeam>> invitations_;  // one per stream that is asked
  std::atomic<int> idle_{0};         // streams that wait; changed under the mutex, as is wanted_
  std::atomic<bool> wanted_{false};  // whether streams have something else to do than to help
  int working_;                      // streams that still take tasks
  int alive_;                        // threads that still run any code, libtorch's own included
  std::vector<OnEnded> on_ended_;
};

}  // namespace sentence_torch
