#include "binding/job.h"

namespace sentence_torch {

std::pair<Promises::Ticket, Napi::Promise> submit_job(
    Napi::Env env, const std::shared_ptr<Promises>& promises, Executor& executor,
    const Napi::Array& kept_alive, const char* fallback_code, Job::Work work, Urgency urgency) {
  const auto opened = promises->open(env, kept_alive);
  std::unique_ptr<Job> job;
  try {
    job = std::make_unique<Job>(Settler{promises, opened.first}, fallback_code, std::move(work));
  } catch (...) {
    promises->withdraw(opened.first);
    throw;
  }
  executor.submit(std::move(job), urgency);
  return opened;
}

}  // namespace sentence_torch
