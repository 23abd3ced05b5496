#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "model/batch.h"

namespace sentence_torch {

/// A batch that waits for a stream. Until one begins it, texts that came later can still join, and
/// those that nobody waits for any more can be left out.
class PreparedBatch {
 public:
  explicit PreparedBatch(Batch batch) : batch_(std::move(batch)) {}

  /// Whether it can still be extended.
  bool waits() {
    std::lock_guard lock(mutex_);
    return !begun_;
  }

  /// False, and nothing has changed, once a stream has begun it.
  bool extend(const Batch& more) {
    std::lock_guard lock(mutex_);
    if (begun_) return false;
    // Room for all first: what throws here leaves the batch as it was.
    batch_.ids.reserve(batch_.ids.size() + more.ids.size());
    batch_.lengths.reserve(batch_.lengths.size() + more.lengths.size());
    batch_.rows.reserve(batch_.rows.size() + more.rows.size());
    batch_.ids.insert(batch_.ids.end(), more.ids.begin(), more.ids.end());
    batch_.lengths.insert(batch_.lengths.end(), more.lengths.begin(), more.lengths.end());
    batch_.rows.insert(batch_.rows.end(), more.rows.begin(), more.rows.end());
    return true;
  }

  /// Leaves texts out, by their places in the batch; places that it does not have count for
  /// nothing. False, and nothing has changed, once a stream has begun it.
  bool cancel(const std::vector<int32_t>& places) {
    std::lock_guard lock(mutex_);
    if (begun_) return false;
    cancelled_.resize(batch_.lengths.size());
    for (const int32_t place : places) {
      if (place >= 0 && static_cast<size_t>(place) < cancelled_.size()) {
        cancelled_[static_cast<size_t>(place)] = true;
      }
    }
    return true;
  }

  /// Whether every text was left out: then it counts as begun, and no core is needed to run it.
  bool begin_if_empty() {
    std::lock_guard lock(mutex_);
    const auto cancelled = std::count(cancelled_.begin(), cancelled_.end(), true);
    begun_ = static_cast<size_t>(cancelled) == batch_.lengths.size();
    return begun_;
  }

  /// Takes the batch out, once, on the stream that runs it: this object may live until JavaScript
  /// collects it.
  Batch begin() {
    std::lock_guard lock(mutex_);
    begun_ = true;
    Batch all = std::move(batch_);
    return cancelled_.empty() ? all : without_cancelled(all);
  }

 private:
  Batch without_cancelled(const Batch& all) const {
    Batch left;
    auto ids = all.ids.begin();
    for (size_t i = 0; i < all.lengths.size(); ids += all.lengths[i++]) {
      if (i < cancelled_.size() && cancelled_[i]) continue;
      left.ids.insert(left.ids.end(), ids, ids + all.lengths[i]);
      left.lengths.push_back(all.lengths[i]);
      left.rows.push_back(all.rows[i]);
    }
    return left;
  }

  std::mutex mutex_;
  bool begun_ = false;
  Batch batch_;
  std::vector<bool> cancelled_;  // by place; empty, or shorter than the batch, where nothing is
};

}  // namespace sentence_torch
