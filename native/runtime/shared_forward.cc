#include "runtime/shared_forward.h"

namespace sentence_torch {

SharedForward::~SharedForward() {
  team_->close();
  executor_.withdraw(team_);
}

void SharedForward::run(int64_t count, int64_t grain, RangeWork work) {
  executor_.invite(team_);
  team_->run(count, grain, work);
}

}  // namespace sentence_torch
