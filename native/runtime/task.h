#pragma once

#include <memory>
#include <utility>

#include "runtime/failure.h"

namespace sentence_torch {

/// A piece of work. Exactly one of run() and cancel() is called, once, on any thread. Neither may
/// throw.
class Task {
 public:
  virtual ~Task() = default;
  virtual void run() noexcept = 0;
  virtual void cancel(const Failure& reason) noexcept = 0;

 private:
  friend class TaskQueue;
  std::unique_ptr<Task> next_;
};

/// First in, first out. The tasks themselves are its links, so there is nothing that can fail.
class TaskQueue {
 public:
  TaskQueue() = default;
  TaskQueue(TaskQueue&& other) noexcept
      : first_(std::move(other.first_)), last_(std::exchange(other.last_, nullptr)) {}
  TaskQueue& operator=(TaskQueue&&) = delete;
  ~TaskQueue() {
    while (!empty()) pop();  // one by one: a long chain would be a deep recursion
  }

  bool empty() const noexcept { return first_ == nullptr; }

  void push(std::unique_ptr<Task> task) noexcept {
    auto& end = empty() ? first_ : last_->next_;
    last_ = task.get();
    end = std::move(task);
  }

  /// There must be one.
  std::unique_ptr<Task> pop() noexcept {
    auto task = std::move(first_);
    first_ = std::move(task->next_);
    return task;
  }

 private:
  std::unique_ptr<Task> first_;
  Task* last_ = nullptr;  // of a queue that is not empty
};

}  // namespace sentence_torch
