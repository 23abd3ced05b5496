#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace sentence_torch {

/// Memory that its owner may take back at any moment: that of a JS environment, which ends without
/// waiting for a forward. Streams touch it only while they have access, never during a forward.
class LentMemory {
 public:
  /// Held while the memory is touched; false if it has been taken back.
  class Access {
   public:
    explicit Access(LentMemory& memory) : lock_(memory.mutex_, std::defer_lock) {
      if (memory.taken_back_) return;  // before the lock: those who come now would hold it up
      lock_.lock();
      granted_ = !memory.taken_back_;
    }
    explicit operator bool() const { return granted_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    bool granted_ = false;
  };

  /// From when this returns, nobody touches it.
  void take_back() {
    taken_back_ = true;
    std::lock_guard lock(mutex_);
  }

 private:
  std::shared_mutex mutex_;
  std::atomic<bool> taken_back_{false};
};

}  // namespace sentence_torch
