#include "runtime/free_memory.h"

#ifdef __linux__
#include <malloc.h>
#endif

namespace sentence_torch {

void release_free_memory() noexcept {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace sentence_torch
