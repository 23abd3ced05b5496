#include "runtime/thread_name.h"

#ifdef _WIN32
#include <windows.h>

#else
#include <pthread.h>
#endif

namespace sentence_torch {

// A thread without a name works as well, so failures do not matter.
void name_this_thread(const char* name) noexcept {
#if defined(_WIN32)
  wchar_t wide[16] = {};
  for (int i = 0; i < 15 && name[i] != '\0'; ++i) wide[i] = static_cast<wchar_t>(name[i]);
  SetThreadDescription(GetCurrentThread(), wide);
#elif defined(__APPLE__)
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

}  // namespace sentence_torch
