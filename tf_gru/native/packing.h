// Packs weights in the order in which products.h reads them, and divides a call's memory.
#pragma once

#include "simd.h"

namespace tf_gru {
namespace {

template <class T>
Size blocks_of(Size units) {
  return (units + kLanes<T> - 1) / kLanes<T>;
}

template <class T>
inline int lanes_of(Size units, Size block) {
  const Size left = units - block * kLanes<T>;
  return left < kLanes<T> ? int(left) : kLanes<T>;
}

// The V gates of a block of `some` units stand in so many vectors, and so far apart: in a last block of few units one
// right after the other, else a vector each.
template <class T, int V>
inline int vectors_of(int some) {
  return (V * some + kLanes<T> - 1) / kLanes<T>;
}

template <class T, int V>
inline int apart(int some) {
  return vectors_of<T, V>(some) < V ? some : kLanes<T>;
}

// Takes aligned pieces of a call's memory, one after the other. With null, it only counts bytes.
struct Memory {
  char* base;
  Size used = 0;
  bool counted = true;  // false if a Size cannot hold the count

  template <class T>
  T* take(Size count, Size width = 1) {
    Size bytes, end;
    char* piece = base ? base + used : nullptr;
    if (__builtin_mul_overflow(count, width, &bytes) || __builtin_mul_overflow(bytes, Size(sizeof(T)), &bytes) ||
        __builtin_add_overflow(bytes, Size(127), &bytes) || __builtin_add_overflow(used, bytes / 64 * 64, &end))
      counted = false;
    else
      used = end;
    return reinterpret_cast<T*>(piece);
  }
};

// Blocks `begin` to `end` of V gates that stand side by side: to block, k, gate, lane from k, gate*units + unit.
// Lanes beyond the units are 0. A block has room for V vectors for each k.
template <class T, int V>
void pack(T* to, const T* from, Size k, Size stride, Size units, Size begin, Size end) {
  constexpr int L = kLanes<T>;
  for (Size block = begin; block < end; ++block) {
    const int some = lanes_of<T>(units, block), wide = vectors_of<T, V>(some) * L, gate = apart<T, V>(some);
    T* panel = to + block * k * V * L;
    for (Size i = 0; i < k; ++i, panel += wide) {
      if (gate < L) store(panel + wide - L, Vec<T>{});  // what follows does not reach the last lanes
      for (int v = 0; v < V; ++v) store(panel + v * gate, load(from + i * stride + v * units + block * L, some));
    }
  }
}

// The transposed matrix: from unit, k to block, k, lane.
template <class T>
void pack_transposed(T* to, const T* from, Size k, Size stride, Size units, Size begin, Size end, Size k_to, Size k_all) {
  constexpr int L = kLanes<T>;
  for (Size block = begin; block < end; ++block) {
    T* panel = to + (block * k_all + k_to) * L;
    for (Size i = 0; i < k; ++i)
      for (int lane = 0; lane < L; ++lane) {
        const Size unit = block * L + lane;
        panel[i * L + lane] = unit < units ? from[unit * stride + i] : T(0);
      }
  }
}

// A bias as the initial value of the panels' sums; zeros if there is none.
template <class T, int V>
void pack_bias(T* to, const T* from, Size units, Size begin, Size end) {
  for (Size i = begin * V * kLanes<T>; i < end * V * kLanes<T>; ++i) to[i] = 0;
  if (from) pack<T, V>(to, from, 1, 0, units, begin, end);
}

}  // namespace
}  // namespace tf_gru
