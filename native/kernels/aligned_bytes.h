#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace sentence_torch {

/// Zeroed memory at the start of a cache line.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(int64_t size) : size_(size) {
    if (size == 0) return;
    data_ = static_cast<std::byte*>(
        ::operator new(static_cast<size_t>(size), std::align_val_t{kAlignment}));
    for (int64_t i = 0; i < size; ++i) data_[i] = std::byte{0};
  }
  ~AlignedBytes() { ::operator delete(data_, std::align_val_t{kAlignment}); }
  AlignedBytes(AlignedBytes&& other) noexcept { swap(other); }
  AlignedBytes& operator=(AlignedBytes&& other) noexcept {
    AlignedBytes taken(std::move(other));
    swap(taken);
    return *this;
  }

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  int64_t size() const { return size_; }

 private:
  static constexpr size_t kAlignment = 64;

  void swap(AlignedBytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  std::byte* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace sentence_torch
