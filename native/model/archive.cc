#include "model/archive.h"

#include <caffe2/serialize/inline_container.h>

#include <string_view>

#include "runtime/failure.h"

namespace sentence_torch {
namespace {

// The zip reader cuts names at this length, so that a longer one could hide what it is.
constexpr size_t kMaxNameLength = 255;

bool is_source(std::string_view name) { return name.starts_with("code/") && name.ends_with(".py"); }

}  // namespace

void verify_archive(const std::string& path) {
  caffe2::serialize::PyTorchStreamReader reader(path);
  for (const std::string& name : reader.getAllRecords()) {
    if (name.size() >= kMaxNameLength) {
      throw Failure("ST_MODEL_REFUSED", "model.pt holds a file with a name too long to check.");
    }
    if (!is_source(name)) continue;
    const auto [data, size] = reader.getRecord(name);
    const std::string_view source(static_cast<const char*>(data.get()), size);
    for (const std::string_view hook : {"__setstate__", "__getstate__"}) {
      if (source.find(hook) == std::string_view::npos) continue;
      throw Failure("ST_MODEL_REFUSED",
                    "model.pt runs code of its own while it is loaded (" + std::string(hook) +
                        " in " + name +
                        "). Export it from a source you trust with `npm run export`.");
    }
  }
}

}  // namespace sentence_torch
