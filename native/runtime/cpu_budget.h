#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace sentence_torch {

/// The cores of this process, shared by all models and all workers in it: a stream takes as many as
/// it has intra-op threads for as long as a batch runs, so that there are never more runnable
/// threads than cores. First come, first served.
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

  /// That of the process.
  static CpuBudget& process();

  explicit CpuBudget(int cores) : cores_(cores), free_(cores) {}

 private:
  int take(int cores);
  void give_back(int cores);

  const int cores_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;
  uint64_t next_ticket_ = 0;
  uint64_t now_served_ = 0;
};

}  // namespace sentence_torch
