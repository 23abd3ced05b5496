#include "runtime/cpu_budget.h"

#include <algorithm>
#include <thread>

namespace sentence_torch {

CpuBudget& CpuBudget::process() {
  // Never destroyed: streams may still wait here while statics are.
  static auto* budget =
      new CpuBudget(std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
  return *budget;
}

int CpuBudget::take(int cores) {
  const int wanted = std::min(cores, cores_);  // more than all would never be free
  std::unique_lock lock(mutex_);
  const uint64_t ticket = next_ticket_++;
  ++waiting_;
  changed_.wait(lock, [&] { return ticket == now_served_ && free_ >= wanted; });
  --waiting_;
  free_ -= wanted;
  ++now_served_;
  changed_.notify_all();
  return wanted;
}

bool CpuBudget::borrow() {
  std::lock_guard lock(mutex_);
  if (free_ == 0 || waiting_ > 0) return false;
  --free_;
  return true;
}

void CpuBudget::give_back(int cores) {
  std::lock_guard lock(mutex_);
  free_ += cores;
  changed_.notify_all();
}

}  // namespace sentence_torch
