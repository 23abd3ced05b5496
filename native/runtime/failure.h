#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace sentence_torch {

/// An error on its way to JavaScript: one of the codes of lib/errors.ts, and a message for a
/// person.
class Failure : public std::runtime_error {
 public:
  Failure(std::string code, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)) {}

  const std::string& code() const noexcept { return code_; }

 private:
  std::string code_;
};

/// Turns whatever was thrown into a Failure. Much of what libtorch throws is not c10::Error, and
/// some of it is not even std::exception, so every thread entry catches `...` and calls this.
/// `fallback_code` is for errors that say nothing of their kind.
Failure describe(std::exception_ptr error, const char* fallback_code) noexcept;

}  // namespace sentence_torch
