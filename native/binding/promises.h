#pragma once

#include <napi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <variant>

#include "runtime/failure.h"
#include "runtime/reserved_list.h"

namespace sentence_torch {

/// The promises of one environment that streams settle. Everything of N-API (the promise, the
/// references that keep its memory alive) stays here on the JS thread; a stream holds a ticket.
/// Tickets may be settled long after the environment has gone; that does nothing.
class Promises {
 public:
  using Ticket = uint64_t;

  explicit Promises(Napi::Env env);
  Promises(const Promises&) = delete;
  Promises& operator=(const Promises&) = delete;

  /// JS thread. Until the promise settles, what is in `kept_alive` is not collected and the event
  /// loop stays alive.
  std::pair<Ticket, Napi::Promise> open(Napi::Env env, const Napi::Array& kept_alive);

  /// JS thread. Instead of settling one whose ticket was given to nobody.
  void withdraw(Ticket ticket) noexcept;

  /// JS thread. One more thing that is not collected until the promise settles.
  void keep_alive(Ticket ticket, const Napi::Value& value);

  /// Makes the value of a promise, on the JS thread. Empty for undefined.
  using MakeValue = std::function<Napi::Value(Napi::Env)>;

  /// Any thread, one of them, once per ticket. Allocates nothing.
  void resolve(Ticket ticket, MakeValue value = nullptr) noexcept;
  void reject(Ticket ticket, Failure failure) noexcept;

  /// JS thread, from the cleanup hook: nothing settles after this.
  void close() noexcept;

 private:
  struct Pending {
    Napi::Promise::Deferred deferred;
    Napi::Reference<Napi::Array> kept_alive;
  };
  struct Settled {
    Ticket ticket;
    std::variant<MakeValue, Failure> outcome;
  };

  Pending close_ticket(Ticket ticket);
  void settle(Settled settled) noexcept;
  static void deliver(napi_env env, napi_value callback, void* context, void* data);
  void deliver_one(Napi::Env env, const Settled& settled);

  // JS thread only.
  Napi::Env env_;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Pending> pending_;

  std::mutex mutex_;  // guards what follows, and that no thread touches function_ once it is closed
  napi_threadsafe_function function_ = nullptr;
  bool woken_ = false;
  ReservedList<Settled> settled_;  // has room for every promise that is open
};

/// A promise that a stream settles, once.
struct Settler {
  std::shared_ptr<Promises> promises;
  Promises::Ticket ticket;

  void resolve(Promises::MakeValue value = nullptr) const noexcept {
    promises->resolve(ticket, std::move(value));
  }
  void reject(Failure failure) const noexcept { promises->reject(ticket, std::move(failure)); }
};

}  // namespace sentence_torch
