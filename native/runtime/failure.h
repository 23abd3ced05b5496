#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace sentence_torch {

/// An error on its way to JavaScript: one of the codes of lib/errors.ts, and a message for a
/// person. Copying one allocates nothing: they travel where there may be no memory left.
class Failure : public std::runtime_error {
 public:
  /// `code` is a literal: it is not copied.
  Failure(std::string_view code, const std::string& message)
      : std::runtime_error(message), code_(code) {}

  std::string_view code() const noexcept { return code_; }

 private:
  std::string_view code_;
};

static_assert(std::is_nothrow_copy_constructible_v<Failure>);

/// Turns whatever was thrown into a Failure. Much of what libtorch throws is not c10::Error, and
/// some of it is not even std::exception, so every thread entry catches `...` and calls this.
/// `fallback_code` is for errors that say nothing of their kind.
Failure describe(const std::exception_ptr& error, const char* fallback_code) noexcept;

/// Of what waits when its executor stops. Made beforehand, as that of memory that has run out is.
const Failure& disposed() noexcept;

}  // namespace sentence_torch
