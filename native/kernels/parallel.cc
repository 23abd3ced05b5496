#include "kernels/parallel.h"

#include <utility>

namespace sentence_torch {
namespace {

thread_local Team* current_team = nullptr;

}  // namespace

TeamScope::TeamScope(Team* team) : before_(std::exchange(current_team, team)) {}

TeamScope::~TeamScope() { current_team = before_; }

void parallel_for(int64_t count, int64_t grain, RangeWork work) {
  if (count <= 0) return;
  if (current_team == nullptr || count <= grain) return work(0, count);
  current_team->run(count, grain, work);
}

}  // namespace sentence_torch
