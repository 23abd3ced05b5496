// Streams that help each other, under stress; built with ThreadSanitizer where there is one. Ends
// with 0 and a line per test, or with 1 and what went wrong.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <mutex>
#include <new>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "model/prepared_batch.h"
#include "runtime/cpu_budget.h"
#include "runtime/executor.h"
#include "runtime/on_each_stream.h"
#include "runtime/shared_forward.h"
#include "testing.h"

namespace {

using namespace std::chrono_literals;
using sentence_torch::Batch;
using sentence_torch::CpuBudget;
using sentence_torch::parallel_for;
using sentence_torch::PreparedBatch;
using sentence_torch::run_on_each_stream;
using sentence_torch::SharedForward;
using namespace sentence_torch::testing;

/// One section, in which plain memory is written by whoever does a piece and read by the owner.
/// How many of them others did.
int section(std::vector<int>& values, int64_t count, int64_t grain) {
  std::atomic<int> done_elsewhere{0};
  const auto owner = std::this_thread::get_id();
  parallel_for(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) ++values[static_cast<size_t>(i)];
    if (std::this_thread::get_id() != owner) ++done_elsewhere;
  });
  for (int64_t i = 0; i < count; ++i) {
    expect(std::exchange(values[static_cast<size_t>(i)], 0) == 1, "every index is done once");
  }
  return done_elsewhere;
}

void idle_streams_help() {
  Counts counts;
  auto executor = start(4);
  std::atomic<int> ended{0};
  executor->submit(std::make_unique<Lambda>(counts, [&] {
    const SharedForward forward(*executor);
    std::vector<int> values(5000);
    int64_t count = 0;
    until([&] { return section(values, ++count % 5000 + 1, 1) > 0; }, "an idle stream helps");
    for (int i = 0; i < 3000; ++i) section(values, i % 700 + 1, i % 9 + 1);
    ++ended;
  }));
  until([&] { return ended == 1; }, "the forward ends");
  executor.reset();
  expect(counts.run == 1, "the task has run");
}

constexpr int kRounds = 100;

void helpers_leave_for_tasks_of_their_own() {
  Counts counts;
  auto executor = start(2);
  std::atomic<int> others{0};
  int too_late = 0;
  executor->submit(std::make_unique<Lambda>(counts, [&] {
    const SharedForward forward(*executor);
    std::vector<int> values(64);
    for (int round = 1; round <= kRounds; ++round) {
      until([&] { return section(values, 64, 1) > 0; }, "the other stream helps, again and again");
      executor->submit(std::make_unique<Lambda>(counts, [&] { ++others; }));
      until([&] { return too_late += section(values, 64, 1), others == round; }, "its task is run");
    }
  }));
  until([&] { return counts.run == kRounds + 1; }, "all tasks run");
  // One piece may have been about to start.
  expect(too_late <= kRounds, "a helper takes no piece when a task of its own waits");
}

void helpers_leave_for_other_executors() {
  Counts counts;
  auto executor = start(16);
  const CpuBudget& budget = CpuBudget::process();
  const int cores = budget.spare();
  int too_late = 0;
  executor->submit(std::make_unique<Lambda>(counts, [&] {
    const SharedForward forward(*executor);
    std::vector<int> values(64);
    for (int round = 0; round < kRounds; ++round) {
      until([&] { return section(values, 64, 1) > 0; }, "a stream helps, again and again");
      std::atomic<bool> granted{false};
      std::thread other([&] {
        const CpuBudget::Share all(CpuBudget::process(), 1 << 20);
        granted = true;
      });
      const auto next = [&] {
        const bool contended = budget.contended();
        const int elsewhere = section(values, 64, 1);
        if (contended) too_late += elsewhere;
        return granted.load();
      };
      until(next, "borrowed cores come back");
      other.join();
    }
  }));
  until([&] { return counts.run == 1; }, "the forward ends");
  expect(too_late <= kRounds * cores, "a helper takes no piece when another executor waits");
}

void a_piece_that_throws() {
  Counts counts;
  auto executor = start(3);
  std::atomic<bool> ended{false};
  executor->submit(std::make_unique<Lambda>(counts, [&] {
    const SharedForward forward(*executor);
    const auto owner = std::this_thread::get_id();
    std::vector<int> values(100);
    for (const bool elsewhere : {false, true}) {
      int thrown = 0;
      const auto piece = [&](int64_t, int64_t) {
        if ((std::this_thread::get_id() != owner) == elsewhere) throw std::bad_alloc();
      };
      const auto caught = [&] {
        try {
          parallel_for(100, 1, piece);
        } catch (const std::bad_alloc&) {
          ++thrown;
        }
        return thrown == 20;
      };
      until(caught, "what a piece throws, its owner's caller gets");
      section(values, 100, 1);
    }
    ended = true;
  }));
  until([&] { return ended.load(); }, "the forward ends");
}

void stopping_in_the_middle() {
  for (int round = 0; round < 200; ++round) {
    Counts counts;
    std::atomic<bool> stopped{false};
    std::atomic<bool> running{false};
    auto executor = start(3);
    for (int i = 0; i < 2; ++i) {
      executor->submit(std::make_unique<Lambda>(counts, [&] {
        const SharedForward forward(*executor);
        std::vector<int> values(40);
        running = true;
        while (!stopped) section(values, 40, 1);
        for (int more = 0; more < 5; ++more) section(values, 40, 1);
      }));
    }
    until([&] { return running.load(); }, "a forward runs");
    executor->stop();
    stopped = true;
    expect(executor->wait_ended(kLimit), "all streams end");
    executor.reset();
    expect(counts.run + counts.cancelled == 2, "each task has run or was cancelled");
  }
}

void a_full_queue() {
  constexpr int kTasks = 2000;
  Counts counts;
  auto executor = start(4);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&, caller] {
      std::minstd_rand random(static_cast<unsigned>(caller + 1));
      for (int i = 0; i < kTasks; ++i) {
        executor->submit(std::make_unique<Lambda>(counts, [&, sections = random() % 5] {
          const CpuBudget::Share share(CpuBudget::process(), 1);
          const SharedForward forward(*executor);
          std::vector<int> values(100);
          for (unsigned s = 0; s < sections; ++s) section(values, 100, 7);
        }));
        if (random() % 64 == 0) std::this_thread::sleep_for(100us);  // the streams run dry
      }
    });
  }
  for (auto& caller : callers) caller.join();
  until([&] { return counts.run == 3 * kTasks; }, "every task runs once");
}

void once_on_each_stream() {
  for (int round = 0; round < 200; ++round) {
    auto executor = start(4);
    std::mutex mutex;
    std::set<std::thread::id> threads;
    std::atomic<int> calls{0};
    std::atomic<bool> done{false};
    const auto work = [&] {
      const std::lock_guard lock(mutex);
      threads.insert(std::this_thread::get_id());
      ++calls;
    };
    run_on_each_stream(*executor, work, "ST_TEST", [&](const auto& failure) {
      expect(!failure && calls == 4, "nothing failed, and all is done at the end");
      done = true;
    });
    until([&] { return done.load(); }, "work on each stream ends");
    expect(threads.size() == 4, "each stream did it once");
  }
}

void a_failure_on_one_stream() {
  auto executor = start(3);
  std::atomic<int> calls{0};
  std::atomic<bool> done{false};
  const auto work = [&] {
    if (++calls == 2) throw std::runtime_error("on purpose");
  };
  run_on_each_stream(*executor, work, "ST_TEST", [&](const auto& failure) {
    expect(failure && failure->code() == "ST_TEST", "the failure arrives with its code");
    done = true;
  });
  until([&] { return done.load(); }, "the others end as well");
  expect(calls >= 2, "a stream has failed");
}

void stopping_while_streams_wait_for_each_other() {
  for (int round = 0; round < 200; ++round) {
    Counts counts;
    auto executor = start(3);
    std::atomic<bool> occupied{false};
    std::atomic<bool> stopped{false};
    std::atomic<int> ends{0};
    // One stream comes late, or never; the others wait for it.
    executor->submit(std::make_unique<Lambda>(counts, [&] {
      occupied = true;
      until([&] { return stopped.load(); }, "the executor is stopped");
    }));
    until([&] { return occupied.load(); }, "a task runs");
    run_on_each_stream(
        *executor, [] { expect(false, "not all streams have come"); }, "ST_TEST",
        [&](const auto& failure) {
          expect(failure && failure->code() == "ST_DISPOSED", "it was called off");
          ++ends;
        });
    executor->stop();
    stopped = true;
    expect(executor->wait_ended(kLimit), "all streams end");
    executor.reset();
    expect(ends == 1, "the end is told once");
  }
}

/// `texts` of one token each, whose id is `id`; their rows are `row`.
Batch batch_of(int texts, int32_t id, float* row) {
  const auto size = static_cast<size_t>(texts);
  return {std::vector<int32_t>(size, id), std::vector<int32_t>(size, 1), {size, {row, 1}}};
}

/// JavaScript's thread extends a batch and leaves texts out until a stream begins it: what it was
/// told has happened is what the stream sees.
void cancelling_while_a_stream_begins() {
  Counts counts;
  auto executor = start(2);
  int begun_empty = 0;
  for (int round = 0; round < 3000; ++round) {
    float kept = 0;
    float dropped = 0;  // written by nobody
    const auto batch = std::make_shared<PreparedBatch>(batch_of(3, 1, &dropped));
    std::atomic<int> written{-1};
    executor->submit(std::make_unique<Lambda>(counts, [&written, batch] {
      int texts = 0;
      if (!batch->begin_if_empty()) {
        const Batch begun = batch->begin();
        for (const auto& row : begun.rows) *row.data += 1;
        texts = static_cast<int>(begun.lengths.size());
        const int sum = std::accumulate(begun.ids.begin(), begun.ids.end(), 0);
        expect(begun.ids.size() == begun.rows.size() && sum >= texts, "a batch fits together");
      }
      written = texts;
    }));
    for (int turn = 0; turn < round % 200; ++turn)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    const bool first = batch->cancel({0, 2, 2, 7, -1});
    const bool second = batch->cancel({1});
    const bool joined = round % 2 == 0 && batch->extend(batch_of(2, 5, &kept));
    const bool third = batch->cancel({3});
    until([&] { return written >= 0; }, "the batch ends");
    expect(first || !(second || joined || third), "what is begun stays so");
    const int left = 3 - (first ? 2 : 0) - (second ? 1 : 0) + (joined ? 2 : 0);
    expect(written == left - (joined && third ? 1 : 0),
           "what was left out is not run, all else is");
    expect(kept == (joined ? (third ? 1 : 2) : 0), "texts that joined are written");
    begun_empty += left == 0 ? 1 : 0;
    expect(!batch->extend(batch_of(1, 1, &kept)) && !batch->cancel({0}), "it is over");
  }
  expect(begun_empty > 0, "some batch was begun with nothing left in it");
}

}  // namespace

int main() {
  const std::pair<const char*, void (*)()> tests[] = {
      {"idle streams help", idle_streams_help},
      {"helpers leave for tasks of their own", helpers_leave_for_tasks_of_their_own},
      {"helpers leave for other executors", helpers_leave_for_other_executors},
      {"a piece that throws", a_piece_that_throws},
      {"stopping in the middle", stopping_in_the_middle},
      {"a full queue", a_full_queue},
      {"once on each stream", once_on_each_stream},
      {"a failure on one stream", a_failure_on_one_stream},
      {"stopping while streams wait for each other", stopping_while_streams_wait_for_each_other},
      {"cancelling while a stream begins", cancelling_while_a_stream_begins},
  };
  for (const auto& [name, test] : tests) {
    test();
    std::printf("ok: %s\n", name);
  }
}
