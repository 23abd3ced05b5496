#pragma once

#include <cstdint>

// What stands in simd/ and generic/ is compiled once per instruction set, each time with other
// flags, and the linker keeps one copy of a function that has external linkage: the AVX-512 body
// may be the one that an old CPU gets to run. So all of it is in anonymous namespaces, and none of
// it uses inline functions of the standard library.
namespace sentence_torch {
namespace {

/// All lanes of a vector.
struct All {};

/// The first `count` lanes, 0 < count < the width: others load as 0 and are not stored.
struct First {
  int64_t count;
};

/// Calls body(column, lanes, k) for the vectors that cover [0, size). Neighbours have different k
/// in 0..3, a constant once inlined: so sums can run in four chains.
template <typename V, typename Body>
inline void for_vectors(int64_t size, const Body& body) {
  constexpr int64_t w = V::kWidth;
  int64_t c = 0;
  for (; c + 4 * w <= size; c += 4 * w) {
    body(c, All{}, 0);
    body(c + w, All{}, 1);
    body(c + 2 * w, All{}, 2);
    body(c + 3 * w, All{}, 3);
  }
  for (; c + w <= size; c += w) body(c, All{}, 0);
  if (c < size) body(c, First{size - c}, 1);
}

}  // namespace
}  // namespace sentence_torch
