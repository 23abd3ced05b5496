#include "runtime/executor.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "runtime/cpu_budget.h"
#include "runtime/thread_name.h"

namespace sentence_torch {
namespace {

// The share of normal tasks under endless urgent ones is 1 / (this + 1).
constexpr int kMaxUrgentInARow = 4;

}  // namespace

std::shared_ptr<Executor> Executor::start(int streams, Enter enter) {
  const std::shared_ptr<Executor> self(new Executor(streams, std::move(enter)));
  const std::shared_ptr<Executor> owned(self.get(), [self](Executor* started) { started->stop(); });
  self->start_threads();
  return owned;
}

Executor::Executor(int streams, Enter enter)
    : streams_(streams), enter_(std::move(enter)), working_(streams), alive_(streams) {
  invitations_.reserve(static_cast<size_t>(streams));
}

void Executor::start_threads() {
  int started = 0;
  try {
    for (; started < streams_; ++started) {
      std::thread([self = shared_from_this()] {
        thread_local const Farewell farewell(self);
        self->run_stream();
      }).detach();
    }
  } catch (...) {
    // The system refused a thread. Those that have started end with this executor.
    std::lock_guard lock(mutex_);
    working_ -= streams_ - started;
    alive_ -= streams_ - started;
    throw;
  }
}

void Executor::submit(std::unique_ptr<Task> task, Urgency urgency) noexcept {
  std::optional<Failure> refused;
  {
    std::lock_guard lock(mutex_);
    if (!stopped_) {
      (urgency == Urgency::kUrgent ? urgent_ : normal_).push(std::move(task));
      wanted_ = true;
      changed_.notify_one();
      return;
    }
    refused = stopped_;
  }
  task->cancel(*refused);
}

void Executor::stop() noexcept { stop_because(disposed()); }

void Executor::stop(OnEnded on_ended) {
  {
    std::lock_guard lock(mutex_);
    if (working_ > 0) on_ended_.push_back(std::exchange(on_ended, nullptr));
  }
  stop();
  if (on_ended) on_ended();
}

bool Executor::is_stopped() {
  std::lock_guard lock(mutex_);
  return stopped_.has_value();
}

void Executor::stop_because(const Failure& reason) noexcept {
  std::unique_lock lock(mutex_);
  if (!stopped_) stopped_ = reason;
  wanted_ = true;
  TaskQueue waiting[] = {std::move(urgent_), std::move(normal_)};
  changed_.notify_all();
  lock.unlock();
  for (auto& tasks : waiting) {
    while (!tasks.empty()) tasks.pop()->cancel(reason);
  }
}

bool Executor::wait_ended(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return alive_ == 0; });
}

void Executor::run_stream() {
  name_this_thread("st-stream");
  try {
    serve();
  } catch (...) {
    stop_because(describe(std::current_exception(), "ST_DEVICE_UNAVAILABLE"));
  }
  end_stream();
}

void Executor::serve() {
  const auto scope = enter_();
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
  auto task = queue.pop();
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

void Executor::invite(const std::shared_ptr<ForwardTeam>& team) noexcept {
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

void Executor::withdraw(const std::shared_ptr<ForwardTeam>& team) noexcept {
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
}

void Executor::thread_ended() {
  // Whoever waits may end the process as soon as this is told.
  std::lock_guard lock(mutex_);
  --alive_;
  changed_.notify_all();
}

}  // namespace sentence_torch
