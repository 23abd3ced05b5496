#include "binding/promises.h"

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
  if (pending_.empty()) napi_ref_threadsafe_function(env_, function_);
  pending_.emplace(++last_ticket_, Pending{deferred, Napi::Persistent(kept_alive)});
  return {last_ticket_, promise};
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
  settled_.push_back(std::move(settled));
  if (std::exchange(woken_, true)) return;
  // Under the lock: Node forbids touching the function once close() has released it.
  napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void Promises::close() noexcept {
  pending_.clear();
  std::lock_guard lock(mutex_);
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_abort);
  settled_.clear();
}

void Promises::deliver(napi_env env, napi_value, void* context, void*) {
  // An environment that ends calls back without env, when this object may be gone already.
  if (env == nullptr) return;
  auto* self = static_cast<Promises*>(context);
  std::vector<Settled> settled;
  {
    std::lock_guard lock(self->mutex_);
    self->woken_ = false;
    settled.swap(self->settled_);
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
  const auto found = pending_.find(settled.ticket);
  const Pending pending = std::move(found->second);
  pending_.erase(found);
  if (pending_.empty()) napi_unref_threadsafe_function(env_, function_);
  if (const auto* failure = std::get_if<Failure>(&settled.outcome)) {
    pending.deferred.Reject(to_js_error(env, failure->code(), failure->what()).Value());
  } else {
    const auto& make_value = std::get<MakeValue>(settled.outcome);
    pending.deferred.Resolve(make_value ? make_value(env) : env.Undefined());
  }
}

}  // namespace sentence_torch
