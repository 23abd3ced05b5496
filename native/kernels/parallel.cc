#include "kernels/parallel.h"

namespace sentence_torch {
namespace {

thread_local Team* helpers = nullptr;

}  // namespace

TeamScope::TeamScope(Team& team) : before_(helpers) { helpers = &team; }

TeamScope::~TeamScope() { helpers = before_; }

void parallel_for(int64_t count, int64_t grain, RangeWork work) {
  if (count <= 0) return;
  if (helpers == nullptr || count <= grain) return work(0, count);
  helpers->run(count, grain, work);
}

}  // namespace sentence_torch
