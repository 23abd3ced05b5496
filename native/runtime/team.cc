#include "runtime/team.h"

#include <algorithm>
#include <thread>
#include <utility>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace sentence_torch {
namespace {

// Several per thread, so that one that lags is waited for shortly; few, since each reads its part
// of the weights anew.
constexpr int64_t kPiecesPerThread = 4;

// state_: 32 bits of section, 16 of pieces, 16 of pieces taken. A forward has some hundred
// sections, so none comes twice.
constexpr int kSectionShift = 32;
constexpr int kPiecesShift = 16;
constexpr uint64_t kPiecesMask = 0xffff;

constexpr uint64_t taken(uint64_t state) { return state & kPiecesMask; }
constexpr uint64_t pieces(uint64_t state) { return (state >> kPiecesShift) & kPiecesMask; }

// Pauses before a thread that waits lets others have its core: some tens of microseconds.
constexpr int kPauses = 1024;

void pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void ForwardTeam::run(int64_t count, int64_t grain, RangeWork work) {
  const int64_t threads = 1 + helpers_.load(std::memory_order_relaxed);
  const int64_t wanted = std::min({count / std::max<int64_t>(grain, 1), threads * kPiecesPerThread,
                                   static_cast<int64_t>(kPiecesMask)});
  if (threads == 1 || wanted < 2) return work(0, count);
  section_ = {&work, count, wanted};
  done_.store(0, std::memory_order_relaxed);
  failed_.store(false, std::memory_order_relaxed);
  const uint64_t section = (state_.load(std::memory_order_relaxed) >> kSectionShift) + 1;
  state_.store(section << kSectionShift | static_cast<uint64_t>(wanted) << kPiecesShift,
               std::memory_order_release);
  while (do_piece()) {
  }
  for (int times = 1; done_.load(std::memory_order_acquire) != wanted; ++times) {
    wait_a_little(times);
  }
  if (failed_.load(std::memory_order_relaxed)) {
    std::rethrow_exception(std::exchange(failure_, nullptr));
  }
}

bool ForwardTeam::do_piece() {
  uint64_t state = state_.load(std::memory_order_acquire);
  do {
    if (taken(state) == pieces(state)) return false;
  } while (!state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel,
                                         std::memory_order_acquire));
  const auto piece = static_cast<int64_t>(taken(state));
  const Section& s = section_;
  try {
    (*s.work)(s.count* piece / s.pieces, s.count * (piece + 1) / s.pieces);
  } catch (...) {
    // The owner waits for this piece, and it alone can tell its caller.
    if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
  }
  done_.fetch_add(1, std::memory_order_release);
  return true;
}

void ForwardTeam::wait_a_little(int times) {
  if (times <= kPauses) {
    pause();
  } else {
    std::this_thread::yield();
  }
}

}  // namespace sentence_torch
