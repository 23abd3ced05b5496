#include "binding/environment.h"

namespace sentence_torch {

void Environment::open(Napi::Env env) {
  auto* self = new Environment(env);
  env.SetInstanceData(self);  // deleted with the environment, after its cleanup hooks
  // Hooks run last in, first out: this one before that of the promises' thread-safe function.
  NAPI_THROW_IF_FAILED_VOID(env, napi_add_env_cleanup_hook(env, close, self));
}

Environment& Environment::of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

void Environment::adopt(const std::shared_ptr<Executor>& executor) {
  executors_.add(executor);
  end_with_process(executor);
}

void Environment::close(void* data) {
  auto* self = static_cast<Environment*>(data);
  self->promises_->close();
  self->memory_->take_back();
  if (!self->executors_.end(std::chrono::milliseconds(0))) register_exit_handler();
}

}  // namespace sentence_torch
