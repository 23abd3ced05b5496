#pragma once

#include <mutex>
#include <utility>

#include "model/batch.h"

namespace sentence_torch {

/// A batch that waits for a stream. Until one begins it, texts that came later can still join.
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

  /// Takes the batch out, once, on the stream that runs it: this object may live until JavaScript
  /// collects it.
  Batch begin() {
    std::lock_guard lock(mutex_);
    begun_ = true;
    return std::move(batch_);
  }

 private:
  std::mutex mutex_;
  bool begun_ = false;
  Batch batch_;
};

}  // namespace sentence_torch
