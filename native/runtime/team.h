#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

#include "kernels/parallel.h"

namespace sentence_torch {

/// The parallel sections of one forward: the thread that runs it shares each of them with whoever
/// helps. A helper takes pieces one by one and owes nothing in between, so one that the system
/// takes off its core, or that leaves, delays nobody, except in the middle of a piece.
class ForwardTeam final : public Team {
 public:
  /// The owner, one section at a time.
  void run(int64_t count, int64_t grain, RangeWork work) override;

  /// The owner: there are no more sections.
  void close() { closed_.store(true, std::memory_order_release); }

  /// Any other thread: does pieces until the team is closed, `leave()` is true, or no piece has
  /// come for about a millisecond.
  template <typename Leave>
  void help(const Leave& leave) {
    int idle = 0;
    while (idle < kMaxIdle && !closed_.load(std::memory_order_acquire) && !leave()) {
      idle = do_piece() ? 0 : idle + 1;
      if (idle > 0) wait_a_little(idle);
    }
  }

  /// A helper is about to come, or has gone. Any thread.
  void join() { helpers_.fetch_add(1, std::memory_order_relaxed); }
  void part() { helpers_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  static constexpr int kMaxIdle = 4096;

  bool do_piece();
  static void wait_a_little(int times);

  // The section, the pieces it has, and those taken: all that must change together. A section
  // cannot end before its pieces are done, so whoever has taken one may read what follows.
  alignas(64) std::atomic<uint64_t> state_{0};
  struct Section {
    const RangeWork* work = nullptr;
    int64_t count = 0;
    int64_t pieces = 0;
  } section_;
  alignas(64) std::atomic<int64_t> done_{0};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;  // whoever sets failed_ writes it before its piece counts as done
  alignas(64) std::atomic<int> helpers_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace sentence_torch
