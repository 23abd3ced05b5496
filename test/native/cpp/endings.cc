// How streams end, and how they fare without memory; built with ThreadSanitizer where there is one.
// Ends with 0 and a line per test, or with 1 and what went wrong. With an argument it ends by
// exit(7) while a task runs: with "for ever", one that never ends.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/executor.h"
#include "runtime/lent_memory.h"
#include "runtime/on_each_stream.h"
#include "runtime/process_end.h"
#include "runtime/reserved_list.h"
#include "testing.h"

namespace {

constexpr int64_t kAll = -1;
/// How many more allocations succeed before one fails, or all do from then on.
std::atomic<int64_t> allowed{kAll};
std::atomic<bool> only_one_fails{true};

/// Whether this allocation is to fail.
bool fails() {
  int64_t left = allowed.load();
  for (;;) {
    if (left == kAll) return false;
    const int64_t after = left > 0 ? left - 1 : only_one_fails ? kAll : 0;
    if (allowed.compare_exchange_weak(left, after)) return left == 0;
  }
}

void* allocate(size_t size) {
  if (fails()) throw std::bad_alloc();
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(size_t size) { return allocate(size); }
void* operator new[](size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace {

using sentence_torch::describe;
using sentence_torch::end_with_process;
using sentence_torch::Executor;
using sentence_torch::Executors;
using sentence_torch::Failure;
using sentence_torch::LentMemory;
using sentence_torch::register_exit_handler;
using sentence_torch::ReservedList;
using sentence_torch::run_on_each_stream;
using sentence_torch::Task;
using namespace sentence_torch::testing;

std::shared_ptr<Executor> start_alone(int streams) {
  return Executor::start(streams, [] { return std::make_shared<std::string>(99, 'x'); });
}

/// Until the executor's threads have ended and let go of it. `streams` is its own pointer to itself,
/// which does not keep it from stopping.
void until_ended(const std::shared_ptr<Executor>& streams) {
  expect(streams->wait_ended(kLimit), "all streams end");
  while (streams.use_count() > 1) std::this_thread::yield();
}

void nobody_waits_for_a_task_that_runs() {
  Counts counts;
  std::atomic<bool> runs{false};
  std::atomic<bool> goes_on{false};
  auto executor = start_alone(1);
  const auto streams = executor->shared_from_this();
  executor->submit(std::make_unique<Lambda>(counts, [&] {
    runs = true;
    until([&] { return goes_on.load(); }, "the test goes on");
  }));
  until([&] { return runs.load(); }, "the task runs");
  executor->submit(std::make_unique<Lambda>(counts, [] {}));
  executor.reset();
  expect(counts.cancelled == 1 && counts.run == 0, "what waits is cancelled, what runs is not");
  goes_on = true;
  until_ended(streams);
  expect(counts.run == 1, "the task has run to its end");
}

void a_task_may_own_its_executor() {
  Counts counts;
  std::shared_ptr<Executor> streams;
  {
    const auto executor = start_alone(1);
    streams = executor->shared_from_this();
    executor->submit(std::make_unique<Lambda>(counts, [executor] {}));
  }
  until_ended(streams);
  expect(counts.run == 1, "the task has run");
}

void memory_that_is_taken_back() {
  for (int round = 0; round < 300; ++round) {
    auto rows = std::make_unique<std::vector<int>>(64);
    const auto memory = std::make_shared<LentMemory>();
    std::atomic<int> refused{0};
    std::atomic<int> written{0};
    std::vector<std::thread> streams;
    for (int stream = 0; stream < 3; ++stream) {
      streams.emplace_back([&, memory, mine = rows->data() + stream] {
        for (;;) {
          const LentMemory::Access access(*memory);
          if (!access) break;
          ++*mine;
          ++written;
        }
        ++refused;
      });
    }
    until([&] { return written > round % 7; }, "rows are written");
    memory->take_back();
    rows.reset();  // ThreadSanitizer would see whoever touches it from here on
    for (auto& stream : streams) stream.join();
    expect(refused == 3, "each is refused in the end");
  }
}

void ending_several_executors() {
  for (int round = 0; round < 100; ++round) {
    Executors all;
    std::vector<std::shared_ptr<Executor>> executors;
    for (int i = 0; i < 3; ++i) all.add(executors.emplace_back(start_alone(2)));
    Counts counts;
    std::atomic<bool> goes_on{false};
    std::atomic<bool> runs{false};
    executors[1]->submit(std::make_unique<Lambda>(counts, [&] {
      runs = true;
      until([&] { return goes_on.load(); }, "the test goes on");
    }));
    until([&] { return runs.load(); }, "a task runs");
    expect(!all.end(std::chrono::milliseconds(1)), "one has not ended");
    for (auto& executor : executors) expect(executor->is_stopped(), "all are stopped");
    goes_on = true;
    expect(all.end(kLimit), "all have ended");
    expect(counts.run == 1, "the task has run");
  }
}

class Throwing : public Task {
 public:
  explicit Throwing(std::atomic<int>& failures) : failures_(failures) {}
  void run() noexcept override {
    try {
      throw std::runtime_error("a message that is too long to lie within the string itself");
    } catch (...) {
      tell(describe(std::current_exception(), "ST_FORWARD_FAILED"), "ST_FORWARD_FAILED");
    }
  }
  void cancel(const Failure& reason) noexcept override { tell(reason, "ST_DISPOSED"); }

 private:
  void tell(const Failure& failure, std::string_view code) {
    expect(failure.code() == code || failure.code() == "ST_OUT_OF_MEMORY", "it has its code");
    ++failures_;
  }
  std::atomic<int>& failures_;
};

/// All that streams do.
void live_and_die(std::atomic<int>& failures, std::atomic<int>& ends,
                  std::shared_ptr<Executor>& streams) {
  const auto executor = start_alone(2);
  streams = executor->shared_from_this();
  for (int i = 0; i < 4; ++i) executor->submit(std::make_unique<Throwing>(failures));
  run_on_each_stream(
      *executor, [] { throw std::string("of no type that is known"); }, "ST_TEST",
      [&ends](const auto& failure) {
        expect(failure.has_value(), "it has failed");
        ++ends;
      });
  executor->stop([&ends] { ++ends; });
}

/// Whether an allocation failed.
bool survives(int64_t allocations) {
  std::atomic<int> failures{0};
  std::atomic<int> ends{0};
  std::shared_ptr<Executor> streams;
  bool threw = false;
  allowed = allocations;
  try {
    live_and_die(failures, ends, streams);
  } catch (const std::bad_alloc&) {
    threw = true;
  }
  if (streams) until_ended(streams);
  const bool failed = allowed == (only_one_fails ? kAll : 0);
  allowed = kAll;
  if (!threw) expect(failures == 4 && ends == 2, "every task and every end is told of");
  return failed;
}

void allocations_that_fail() {
  for (const bool one : {true, false}) {
    only_one_fails = one;
    int64_t allocations = 0;
    while (survives(allocations)) expect(++allocations < 1000, "there are not that many");
    expect(allocations > 10, "some have failed");
  }
}

void room_that_was_made_before() {
  ReservedList<std::pair<int, std::string>> list;
  for (int i = 0; i < 3; ++i) list.reserve();
  std::string text(99, 'x');
  only_one_fails = false;
  allowed = 0;
  list.push({1, std::move(text)});
  list.push({2, {}});
  auto taken = list.take();
  allowed = kAll;
  expect(taken.size() == 2 && taken.front().first == 1 && taken.back().first == 2, "all, in order");
  list.release();
  list.reserve();
  list.push({3, {}});
  taken = list.take();
  expect(taken.size() == 1 && taken.front().first == 3, "and what comes later");
}

/// Stands for what libtorch makes.
struct Static {
  ~Static() {
    expect(in_use == 0, "no stream is at work any more");
    std::printf("destroyed\n");
  }
  std::atomic<int> in_use{0};
};

Static& made_late() {
  static Static instance;
  return instance;
}

/// Of a thread, as libtorch has many.
struct Local {
  Local() { ++made_late().in_use; }
  ~Local() { --made_late().in_use; }
};

[[noreturn]] void exit_while_a_task_runs(bool for_ever) {
  std::atomic<bool> runs{false};
  Counts counts;
  const auto executor = start_alone(1);
  end_with_process(executor);
  executor->submit(std::make_unique<Lambda>(counts, [&] {
    thread_local const Local local;
    runs = true;
    while (for_ever || !executor->is_stopped()) std::this_thread::yield();
  }));
  until([&] { return runs.load(); }, "the task runs");
  register_exit_handler();
  std::exit(7);
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) exit_while_a_task_runs(std::strcmp(arguments[1], "for ever") == 0);
  const std::pair<const char*, void (*)()> tests[] = {
      {"nobody waits for a task that runs", nobody_waits_for_a_task_that_runs},
      {"a task may own its executor", a_task_may_own_its_executor},
      {"memory that is taken back", memory_that_is_taken_back},
      {"ending several executors", ending_several_executors},
      {"allocations that fail", allocations_that_fail},
      {"room that was made before", room_that_was_made_before},
  };
  for (const auto& [name, test] : tests) {
    test();
    std::printf("ok: %s\n", name);
  }
}
