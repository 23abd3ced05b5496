#pragma once

#include <list>
#include <type_traits>
#include <utility>

namespace sentence_torch {

/// A list in which room is made first, where memory may run out, and filled later, where it must
/// not. Not for two threads at once.
template <typename Item>
class ReservedList {
  static_assert(std::is_nothrow_move_assignable_v<Item>);

 public:
  /// Makes room for one more.
  void reserve() { free_.emplace_back(); }

  /// Takes the room that was made for it.
  void push(Item item) noexcept {
    free_.front() = std::move(item);
    filled_.splice(filled_.end(), free_, free_.begin());
  }

  /// The room of one that will not come.
  void release() noexcept { free_.pop_front(); }

  /// All that was pushed, in that order.
  std::list<Item> take() noexcept { return std::exchange(filled_, {}); }

 private:
  std::list<Item> free_;
  std::list<Item> filled_;
};

}  // namespace sentence_torch
