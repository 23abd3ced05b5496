#pragma once

namespace sentence_torch {

/// Gives the memory that was freed back to the system, where the allocator would keep it. For the
/// end of work that took much more than what comes after it.
void release_free_memory() noexcept;

}  // namespace sentence_torch
