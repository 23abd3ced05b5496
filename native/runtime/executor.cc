#include "runtime/executor.h"

#include <algorithm>
#include <utility>

#include "runtime/cpu_budget.h"
#include "runtime/thread_name.h"

namespace sentence_torch {
namespace {

// The share of normal tasks under endless urgent ones is 1 / (this + 1).
constexpr int kMaxUrgentInARow = 4;

}  // namespace

Executor::Executor(int streams, Enter enter)
    : streams_(streams), working_(streams), alive_(streams) {
  threads_.reserve(static_cast<size_t>(streams));
  try {
    for (int i = 0; i < streams; ++i) {
      threads_.emplace_back([this, enter] { run_stream(enter); });
    }
  } catch (...) {
    // The system refused a thread. Those that started must be joined before the members go.
    stop();
    for (auto& thread : threads_) thread.join();
    throw;
  }
}

Executor::~Executor() {
  stop();
  for (auto& thread : threads_) thread.join();
}

void Executor::submit(std::unique_ptr<Task> task, Urgency urgency) {
  std::optional<Failure> refused;
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) {
      (urgency == Urgency::kUrgent ? urgent_ : normal_).push_back(std::move(task));
      wanted_ = true;
      changed_.notify_one();
      return;
    }
    refused = stopped_;
  }
  task->cancel(*refused);
}

void Executor::stop(OnEnded on_ended) {
  stop_because(Failure("ST_DISPOSED", "The model was disposed before this ran."), on_ended);
}

void Executor::stop_because(const Failure& reason, const OnEnded& on_ended) {
  std::deque<std::unique_ptr<Task>> waiting[2];
  bool ended = false;
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) stopped_ = reason;
    wanted_ = true;
    waiting[0].swap(urgent_);
    waiting[1].swap(normal_);
    ended = working_ == 0;
    if (on_ended && !ended) on_ended_.push_back(on_ended);
    changed_.notify_all();
  }
  for (auto& tasks : waiting) {
    for (auto& task : tasks) task->cancel(reason);
  }
  if (ended && on_ended) on_ended();
}

bool Executor::wait_ended(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return alive_ == 0; });
}

void Executor::run_stream(const Enter& enter) {
  name_this_thread("st-stream");
  try {
    serve(enter);
  } catch (...) {
    stop_because(describe(std::current_exception(), "ST_DEVICE_UNAVAILABLE"), nullptr);
  }
  end_stream();
}

void Executor::serve(const Enter& enter) {
  const auto scope = enter();
  while (auto task = next_task()) task->run();
}

std::unique_ptr<Task> Executor::next_task() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopped_ || has_tasks() || !invitations_.empty(); });
    --idle_;
    if (stopped_) return nullptr;
    if (has_tasks()) return take_task();
    const auto team = std::move(invitations_.back());
    invitations_.pop_back();
    lock.unlock();
    help(*team);
    lock.lock();
  }
}

std::unique_ptr<Task> Executor::take_task() {
  const bool normal_is_due = !normal_.empty() && urgent_in_a_row_ >= kMaxUrgentInARow;
  const bool take_urgent = !urgent_.empty() && !normal_is_due;
  urgent_in_a_row_ = take_urgent ? urgent_in_a_row_ + 1 : 0;
  auto& queue = take_urgent ? urgent_ : normal_;
  auto task = std::move(queue.front());
  queue.pop_front();
  wanted_ = has_tasks();
  return task;
}

void Executor::help(ForwardTeam& team) const {
  CpuBudget& budget = CpuBudget::process();
  const CpuBudget::Loan core(budget);
  if (!core.granted()) return;
  team.join();
  team.help([&] { return wanted_.load(std::memory_order_relaxed) || budget.contended(); });
  team.part();
}

void Executor::invite(const std::shared_ptr<ForwardTeam>& team) {
  const int spare = CpuBudget::process().spare();
  if (spare == 0 || idle_.load(std::memory_order_relaxed) == 0) return;
  std::lock_guard lock(mutex_);
  if (wanted_) return;
  const auto asked = static_cast<size_t>(std::min<int>(spare, idle_));
  while (invitations_.size() < asked) {
    invitations_.push_back(team);
    changed_.notify_one();
  }
}

void Executor::withdraw(const std::shared_ptr<ForwardTeam>& team) {
  std::lock_guard lock(mutex_);
  std::erase(invitations_, team);
}

void Executor::end_stream() {
  std::vector<OnEnded> on_ended;
  {
    std::lock_guard lock(mutex_);
    if (--working_ == 0) on_ended.swap(on_ended_);
  }
  for (auto& call : on_ended) call();
  // Only now has this stream ended: whoever waits may end the process.
  std::lock_guard lock(mutex_);
  --alive_;
  changed_.notify_all();
}

}  // namespace sentence_torch
