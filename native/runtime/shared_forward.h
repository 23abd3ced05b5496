#pragma once

#include <memory>

#include "runtime/executor.h"
#include "runtime/team.h"

namespace sentence_torch {

/// While it lives on a stream of `executor`, the streams without a task help with parallel_for().
class SharedForward final : public Team {
 public:
  explicit SharedForward(Executor& executor) : executor_(executor) {}
  ~SharedForward() override;
  SharedForward(const SharedForward&) = delete;
  SharedForward& operator=(const SharedForward&) = delete;

  void run(int64_t count, int64_t grain, RangeWork work) override;

 private:
  Executor& executor_;
  // A helper may look at it once more when the forward has ended.
  const std::shared_ptr<ForwardTeam> team_ = std::make_shared<ForwardTeam>();
  const TeamScope scope_{*this};
};

}  // namespace sentence_torch
