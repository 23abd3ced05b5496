#include "model/archive.h"

#include <caffe2/serialize/inline_container.h>

#include <cctype>
#include <string_view>
#include <unordered_set>

#include "runtime/failure.h"

namespace sentence_torch {
namespace {

// The zip reader cuts names at this length, so that a longer one could hide what it is.
constexpr size_t kMaxNameLength = 255;

// The zip reader finds names whatever their case, so they are compared in lower case here.
std::string lower(std::string name) {
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

void refuse(const std::string& why) {
  throw Failure("ST_MODEL_REFUSED",
                "model.pt " + why + ". Export it from a source you trust with `npm run export`.");
}

}  // namespace

void verify_archive(const std::string& path) {
  caffe2::serialize::PyTorchStreamReader reader(path);
  std::unordered_set<std::string> seen;
  for (const std::string& record : reader.getAllRecords()) {
    const std::string name = lower(record);
    if (name.size() >= kMaxNameLength) refuse("holds a file with a name too long to check");
    if (!seen.insert(name).second) refuse("holds two files called " + name);
    if (!name.ends_with(".py")) continue;
    const auto [data, size] = reader.getRecord(record);
    const std::string_view source(static_cast<const char*>(data.get()), size);
    for (const std::string hook : {"__setstate__", "__getstate__"}) {
      if (source.find(hook) == std::string_view::npos) continue;
      refuse("runs code of its own while it is loaded (" + hook + " in " + name + ")");
    }
  }
}

}  // namespace sentence_torch
