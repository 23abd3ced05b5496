#include "binding/promises.h"

#include <list>

#include "binding/marshal.h"

namespace sentence_torch {

Promises::Promises(Napi::Env env) : env_(env) {
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "sentence-torch"), 0, 1, nullptr, nullptr, this,
      deliver, &function_);
  NAPI_THROW_IF_FAILED_VOID(env, status);
  napi_unref_threadsafe_function(env, function_);
}

std::pair<Promises::Ticket, Napi::Promise> Promises::open(Napi::Env env,
                                                          const Napi::Array& kept_alive) {
  auto deferred = Napi::Promise::Deferred::New(env);
  const Napi::Promise promise = deferred.Promise();
  pending_.emplace(++last_ticket_, Pending{deferred, Napi::Persistent(kept_alive)});
  try {
    std::lock_guard lock(mutex_);
    settled_.reserve();
  } catch (...) {
    pending_.erase(last_ticket_);
    throw;
  }
  if (pending_.size() == 1) napi_ref_threadsafe_function(env_, function_);
  return {last_ticket_, promise};
}

void Promises::withdraw(Ticket ticket) noexcept {
  close_ticket(ticket);
  std::lock_guard lock(mutex_);
  settled_.release();
}

Promises::Pending Promises::close_ticket(Ticket ticket) {
  const auto found = pending_.find(ticket);
  Pending pending = std::move(found->second);
  pending_.erase(found);
  if (pending_.empty()) napi_unref_threadsafe_function(env_, function_);
  return pending;
}

void Promises::keep_alive(Ticket ticket, const Napi::Value& value) {
  const auto found = pending_.find(ticket);
  if (found == pending_.end()) return;
  auto list = found->second.kept_alive.Value();
  list.Set(list.Length(), value);
}

void Promises::resolve(Ticket ticket, MakeValue value) noexcept {
  settle({ticket, std::move(value)});
}

void Promises::reject(Ticket ticket, Failure failure) noexcept {
  settle({ticket, std::move(failure)});
}

void Promises::settle(Settled settled) noexcept {
  std::lock_guard lock(mutex_);
  if (function_ == nullptr) return;
  settled_.push(std::move(settled));
  if (std::exchange(woken_, true)) return;
  // Under the lock: Node forbids touching the function once close() has released it.
  napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Promises::close() noexcept {
  pending_.clear();
  std::lock_guard lock(mutex_);
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_abort);
  settled_.take();
}

void Promises::deliver(napi_env env, napi_value, void* context, void*) {
  // An environment that ends calls back without env, when this object may be gone already.
  if (env == nullptr) return;
  auto* self = static_cast<Promises*>(context);
  std::list<Settled> settled;
  {
    std::lock_guard lock(self->mutex_);
    self->woken_ = false;
    settled = self->settled_.take();
  }
  for (const Settled& one : settled) {
    try {
      const Napi::HandleScope scope(env);
      self->deliver_one(env, one);
    } catch (...) {
      // A worker that is being terminated refuses to settle promises: nobody is left to see them.
    }
  }
}

void Promises::deliver_one(Napi::Env env, const Settled& settled) {
  const Pending pending = close_ticket(settled.ticket);
  if (const auto* failure = std::get_if<Failure>(&settled.outcome)) {
    return pending.deferred.Reject(to_js_error(env, *failure).Value());
  }
  Napi::Value value = env.Undefined();
  if (const auto& make_value = std::get<MakeValue>(settled.outcome)) {
    try {
      value = make_value(env);
    } catch (...) {
      const Failure failure = describe(std::current_exception(), "ST_OUT_OF_MEMORY");
      return pending.deferred.Reject(to_js_error(env, failure).Value());
    }
  }
  pending.deferred.Resolve(value);
}

}  // namespace sentence_torch
