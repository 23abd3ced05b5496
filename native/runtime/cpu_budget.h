#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sentence_torch {

/// The cores of this process, shared by all models and all workers in it: a stream takes as many as
/// it has intra-op threads for as long as a batch runs, so that there are never more runnable
/// threads than cores. First come, first served; what nobody waits for, idle streams may borrow.
class CpuBudget {
 public:
  /// Holds cores; gives them back at the end of its life.
  class Share {
   public:
    Share(CpuBudget& budget, int cores) : budget_(budget), cores_(budget.take(cores)) {}
    ~Share() { budget_.give_back(cores_); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    CpuBudget& budget_;
    const int cores_;
  };

  /// A core that was to spare, if any was: for work that ends as soon as contended().
  class Loan {
   public:
    explicit Loan(CpuBudget& budget) : budget_(budget), granted_(budget.borrow()) {}
    ~Loan() {
      if (granted_) budget_.give_back(1);
    }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    bool granted() const { return granted_; }

   private:
    CpuBudget& budget_;
    const bool granted_;
  };

  /// That of the process.
  static CpuBudget& process();

  explicit CpuBudget(int cores) : cores_(cores), free_(cores) {}

  /// Cores that nobody has. A moment's truth, without a lock.
  int spare() const { return free_.load(std::memory_order_relaxed); }
  /// Whether a stream waits for cores. A moment's truth, without a lock.
  bool contended() const { return waiting_.load(std::memory_order_relaxed) > 0; }

 private:
  int take(int cores);
  bool borrow();
  void give_back(int cores);

  const int cores_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::atomic<int> free_;        // changed under the mutex, as is waiting_
  std::atomic<int> waiting_{0};  // streams in take()
  uint64_t next_ticket_ = 0;
  uint64_t now_served_ = 0;
};

}  // namespace sentence_torch
