#pragma once

#include <functional>
#include <optional>

#include "runtime/executor.h"
#include "runtime/failure.h"

namespace sentence_torch {

/// Calls `work` exactly once on each stream of `executor`, side by side, and `done` once all of
/// that has ended: on the last of these threads, with the first failure if there was any. What has
/// not begun when something fails, or when the executor stops, never does. `done` must not throw.
/// What this itself throws, it throws before anything begins.
void run_on_each_stream(Executor& executor, std::function<void()> work, const char* fallback_code,
                        std::function<void(const std::optional<Failure>&)> done);

}  // namespace sentence_torch
