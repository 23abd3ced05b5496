#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "runtime/failure.h"
#include "runtime/team.h"

namespace sentence_torch {

/// A piece of work. Exactly one of run() and cancel() is called, once, on any thread. Neither may
/// throw.
class Task {
 public:
  virtual ~Task() = default;
  virtual void run() noexcept = 0;
  virtual void cancel(const Failure& reason) noexcept = 0;
};

/// Which tasks go first: urgent ones, but of five tasks at least one is normal if any waits.
enum class Urgency { kNormal, kUrgent };

/// Streams: long-lived threads that take tasks from one queue. Inference runs here and
/// never on libuv's pool, which is small and shared with file and DNS calls. A stream without a
/// task helps one that has one, on a core that is to spare, until a task comes.
class Executor {
 public:
  /// `enter` runs first on each stream; what it returns lives on that thread until the stream ends.
  /// If it throws, the executor stops and cancels its tasks with that error.
  using Enter = std::function<std::shared_ptr<void>()>;
  /// Runs on the last stream that ends.
  using OnEnded = std::function<void()>;

  Executor(int streams, Enter enter);
  /// Stops and joins.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// How many there are.
  int streams() const { return streams_; }

  /// Queues the task, or cancels it at once after stop().
  void submit(std::unique_ptr<Task> task, Urgency urgency = Urgency::kNormal);

  /// A task on one of these streams: asks streams that have none to help `team`, if any may. Costs
  /// next to nothing when all are busy.
  void invite(const std::shared_ptr<ForwardTeam>& team);
  void withdraw(const std::shared_ptr<ForwardTeam>& team);

  /// Takes no more tasks and cancels those that wait; what runs goes on to its end. Returns at
  /// once. Safe to repeat.
  void stop(OnEnded on_ended = nullptr);

  /// Waits until every stream has ended, at most `limit`. True if they have.
  bool wait_ended(std::chrono::milliseconds limit);

 private:
  void run_stream(const Enter& enter);
  void serve(const Enter& enter);
  std::unique_ptr<Task> next_task();
  bool has_tasks() const { return !urgent_.empty() || !normal_.empty(); }
  std::unique_ptr<Task> take_task();
  void help(ForwardTeam& team) const;
  void end_stream();
  void stop_because(const Failure& reason, const OnEnded& on_ended);

  const int streams_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Task>> normal_;
  std::deque<std::unique_ptr<Task>> urgent_;
  int urgent_in_a_row_ = 0;
  std::optional<Failure> stopped_;
  std::vector<std::shared_ptr<ForwardTeam>> invitations_;  // one per stream that is asked
  std::atomic<int> idle_{0};         // streams that wait; changed under the mutex, as is wanted_
  std::atomic<bool> wanted_{false};  // whether streams have something else to do than to help
  int working_ = 0;                  // streams that still take tasks
  int alive_ = 0;                    // streams that still run any code
  std::vector<OnEnded> on_ended_;
  std::vector<std::thread> threads_;
};

}  // namespace sentence_torch
