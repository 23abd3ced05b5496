#pragma once

#include <cstdint>
#include <type_traits>

namespace sentence_torch {

/// Work on a range: a reference to a callable (begin, end), which must outlive the call it is given
/// to.
class RangeWork {
 public:
  template <typename F, typename = std::enable_if_t<!std::is_same_v<std::decay_t<F>, RangeWork>>>
  RangeWork(const F& work)  // NOLINT: implicit, so that lambdas can be passed
      : work_(&work), call_([](const void* f, int64_t begin, int64_t end) {
          (*static_cast<const F*>(f))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(work_, begin, end); }

 private:
  const void* work_;
  void (*call_)(const void*, int64_t, int64_t);
};

/// Threads that share the work of the thread that calls run().
class Team {
 public:
  virtual ~Team() = default;
  /// As parallel_for() says.
  virtual void run(int64_t count, int64_t grain, RangeWork work) = 0;
};

/// While it lives, `team` helps the thread that made it.
class TeamScope {
 public:
  explicit TeamScope(Team& team);
  ~TeamScope();
  TeamScope(const TeamScope&) = delete;
  TeamScope& operator=(const TeamScope&) = delete;

 private:
  Team* const before_;
};

/// Does work on [0, count), in pieces of at least `grain`, on this thread and on the Team that
/// helps it now, if any. Returns when all is done, or throws what a piece of it threw first. The
/// work must not call parallel_for.
void parallel_for(int64_t count, int64_t grain, RangeWork work);

}  // namespace sentence_torch
