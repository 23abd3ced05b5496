#include "runtime/failure.h"

#include <c10/util/Exception.h>

#include <new>
#include <string_view>

namespace sentence_torch {
namespace {

// A TorchScript error is a page of interpreter frames that ends in the line that matters.
std::string last_error_line(std::string_view message) {
  constexpr std::string_view kMark = "RuntimeError: ";
  if (const auto at = message.rfind(kMark); at != std::string_view::npos) {
    message.remove_prefix(at + kMark.size());
  }
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) {
    message.remove_suffix(1);
  }
  return std::string(message);
}

// libtorch reports failed CPU allocations as plain errors that differ only in their text.
bool is_allocation_failure(std::string_view message) {
  return message.find("can't allocate memory") != std::string_view::npos ||
         message.find("not enough memory") != std::string_view::npos;
}

Failure from_message(std::string_view message, const char* fallback_code) {
  const char* code = is_allocation_failure(message) ? "ST_OUT_OF_MEMORY" : fallback_code;
  return Failure(code, last_error_line(message));
}

// Made while there is memory for them; never destroyed, since streams outlive statics.
const Failure& out_of_memory =
    *new Failure("ST_OUT_OF_MEMORY", "The process could not allocate memory.");
const Failure& was_disposed =
    *new Failure("ST_DISPOSED", "The model was disposed before this ran.");

Failure translate(const std::exception_ptr& error, const char* fallback_code) {
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    return failure;
  } catch (const c10::OutOfMemoryError& error) {
    return Failure("ST_OUT_OF_MEMORY", error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return out_of_memory;
  } catch (const c10::Error& error) {
    return from_message(error.what_without_backtrace(), fallback_code);
  } catch (const std::exception& error) {
    return from_message(error.what(), fallback_code);
  } catch (...) {
    return Failure(fallback_code, "An error of unknown type was thrown.");
  }
}

}  // namespace

Failure describe(const std::exception_ptr& error, const char* fallback_code) noexcept {
  try {
    return translate(error, fallback_code);
  } catch (...) {
    return out_of_memory;  // for the message
  }
}

const Failure& disposed() noexcept { return was_disposed; }

}  // namespace sentence_torch
