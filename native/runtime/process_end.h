#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "runtime/executor.h"

namespace sentence_torch {

/// Executors that something ends; they do not live longer for it.
class Executors {
 public:
  void add(const std::shared_ptr<Executor>& executor);

  /// Stops them all, and waits until they have ended, at most `limit`. True if they have.
  bool end(std::chrono::milliseconds limit);

 private:
  std::vector<std::weak_ptr<Executor>> executors_;
};

/// The executor's streams end before the process does, however it ends.
void end_with_process(const std::shared_ptr<Executor>& executor);

/// Stops all streams of the process. If one has not ended in time, ends the process at once with
/// `exit_code`: libtorch's statics are destroyed next, and no code of ours may run then.
void end_streams_or_process(std::chrono::milliseconds limit, int exit_code) noexcept;

/// Any thread: has exit() end the streams as above, before what libtorch has made so far is
/// destroyed. To be called again when more was made.
void register_exit_handler() noexcept;

}  // namespace sentence_torch
