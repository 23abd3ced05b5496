#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace sentence_torch {

/// A file that libtorch's writer fills. That writer ends the process when its target fails, so it
/// is told that all went well, and close() throws Failure ST_WRITE_FAILED.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);

  /// Returns `size` whatever happens.
  size_t write(const void* data, size_t size) noexcept;

  void close();

 private:
  void note_failure() noexcept;

  std::ofstream file_;
  int error_ = 0;  // the first one, as errno has them
};

}  // namespace sentence_torch
