#pragma once

namespace sentence_torch {

/// What the calling thread is called in a profiler or debugger. At most 15 characters.
void name_this_thread(const char* name) noexcept;

}  // namespace sentence_torch
