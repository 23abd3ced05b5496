// Opens libtorch by absolute path, so that the addon proper, which links against it, finds it
// already in the process wherever it lies. Knows libtorch's version from its headers and links
// against none of it.
#include <napi.h>
#include <torch/headeronly/version.h>

#include <string>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace {

void open_library(const std::string& path) {
#ifdef _WIN32
  const int size = MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, nullptr, 0);
  std::wstring wide(static_cast<size_t>(size), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, path.c_str(), -1, wide.data(), size);
  if (LoadLibraryExW(wide.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH) == nullptr) {
    throw std::runtime_error(path + ": Windows error " + std::to_string(GetLastError()));
  }
#else
  // Local: symbols reach those who link against the library, not the whole process.
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    throw std::runtime_error(dlerror());
  }
#endif
}

// open(paths: readonly string[]): void
void open(const Napi::CallbackInfo& info) {
  const auto paths = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < paths.Length(); ++i) {
    open_library(paths.Get(i).ToString().Utf8Value());
  }
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("builtFor", Napi::String::New(env, TORCH_VERSION));
  exports.Set("open", Napi::Function::New(env, open, "open"));
  return exports;
}

}  // namespace

NODE_API_MODULE(preload, init)
