#include "model/output_file.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "runtime/failure.h"

namespace sentence_torch {
namespace {

std::filesystem::path path_of(const std::string& utf8) {
  return std::u8string(utf8.begin(), utf8.end());
}

}  // namespace

OutputFile::OutputFile(const std::string& path)
    : file_(path_of(path), std::ios::binary | std::ios::trunc) {
  note_failure();
}

size_t OutputFile::write(const void* data, size_t size) noexcept {
  if (error_ == 0) file_.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
  note_failure();
  return size;
}

void OutputFile::close() {
  if (error_ == 0) file_.close();
  note_failure();
  if (error_ == 0) return;
  throw Failure("ST_WRITE_FAILED",
                "model.pt can't be written: " + std::generic_category().message(error_) + ".");
}

void OutputFile::note_failure() noexcept {
  if (error_ == 0 && !file_) error_ = errno != 0 ? errno : EIO;
}

}  // namespace sentence_torch
