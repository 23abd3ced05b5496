#pragma once

#include <utility>

namespace sentence_torch {
namespace {

/// A number that is known when the code is compiled, and converts by itself, to be an index.
/// std::integral_constant would bring an inline function of the standard library (see lanes.h).
template <int kIndex>
struct Index {
  constexpr operator int() const { return kIndex; }
};

template <typename Body, int... kIndices>
inline void each_of(std::integer_sequence<int, kIndices...>, const Body& body) {
  (body(Index<kIndices>{}), ...);
}

/// body(Index<0>) to body(Index<kCount - 1>). An array of vectors that is indexed by nothing else
/// stays in registers; a loop, even of constant length, is unrolled too late for that by GCC 12,
/// which then stores the whole array and loads it again before and after the code that works on it.
template <int kCount, typename Body>
inline void each(const Body& body) {
  each_of(std::make_integer_sequence<int, kCount>{}, body);
}

/// The same with a row and a column.
template <int kRows, int kColumns, typename Body>
inline void each(const Body& body) {
  each<kRows>([&](auto row) { each<kColumns>([&](auto column) { body(row, column); }); });
}

}  // namespace
}  // namespace sentence_torch
