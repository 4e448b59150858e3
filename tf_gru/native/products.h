// Products of rows with packed weights: out[i] = init + sum over k of row[i][k] * panel[k], k from first to last.
//
// A panel holds the weights of one block of units: for each k the vectors of its V gates, side by side. A tile is R rows
// by N blocks, all of whose sums stay in registers while k runs. Each sum is one chain of fused operations in the order
// of k, whatever R and N are: so no number depends on how rows and blocks fall into tiles.
#pragma once

#include "packing.h"

namespace tf_gru {
namespace {

constexpr int kRows = kRegisters / 4;               // of the largest tile
constexpr int kSums = kRegisters == 32 ? 24 : 12;   // registers of a tile that hold sums

template <class T>
struct Panels {
  const T* weights;  // block k V lanes
  Size k;
  const T* init;  // block V lanes: what the sums start from
  Size units;
  Size from = 0;  // where in a row its k numbers begin
};

template <class T, int R, int N, int V>
void tile(const T* const* rows, Size from, Size k, const T* panel, const T* init, T* out, Size out_stride) {
  constexpr int L = kLanes<T>;
  const Size next = k * V * L;
  Vec<T> sums[R][N * V];
#pragma GCC unroll 32
  for (int v = 0; v < N * V; ++v)
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) sums[r][v] = load(init + v * L);
  const T* row[R];
#pragma GCC unroll 32
  for (int r = 0; r < R; ++r) row[r] = rows[r] + from;
  for (Size i = 0; i < k; ++i, panel += V * L) {
    Vec<T> weights[N * V];
#pragma GCC unroll 32
    for (int n = 0; n < N; ++n)
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) weights[n * V + v] = load(panel + n * next + v * L);
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
      const Vec<T> value = all(row[r][i]);
#pragma GCC unroll 32
      for (int v = 0; v < N * V; ++v) sums[r][v] = fma(value, weights[v], sums[r][v]);
    }
  }
#pragma GCC unroll 32
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 32
    for (int v = 0; v < N * V; ++v) store(out + r * out_stride + v * L, sums[r][v]);
}

// One block, whose V gates may stand in fewer vectors.
template <class T, int R, int V>
void tile_of(int vectors, const T* const* rows, Size from, Size k, const T* panel, const T* init, T* out, Size stride) {
  if constexpr (V > 1)
    if (vectors < V) return tile_of<T, R, V - 1>(vectors, rows, from, k, panel, init, out, stride);
  tile<T, R, 1, V>(rows, from, k, panel, init, out, stride);
}

constexpr int fitting(int sums) { return sums < 1 ? 1 : sums > 8 ? 8 : sums; }

// Blocks from `block` on, N at a time while they last, then fewer.
template <class T, int V, int R, int N, class Place>
void across(const T* const* rows, const Panels<T>& p, Size block, Size end, const Place& place) {
  constexpr int L = kLanes<T>;
  for (; block + N <= end; block += N)
    place(block, N, [&](T* out, Size out_stride) {
      tile<T, R, N, V>(rows, p.from, p.k, p.weights + block * p.k * V * L, p.init + block * V * L, out, out_stride);
    });
  if constexpr (N > 1) across<T, V, R, (N + 1) / 2>(rows, p, block, end, place);
}

// Rows in tiles of R, and what is left in smaller ones. Large tiles go through all rows for each block, so that its
// panel is read from memory once.
template <class T, int V, int R, class Place>
void down(const T* const* rows, Size row, Size count, const Panels<T>& p, Size begin, Size end, const Place& place) {
  constexpr int N = fitting(kSums / (R * V)), L = kLanes<T>;
  const Size tiles = (count - row) / R;
  if (tiles > 0) {
    const int vectors = vectors_of<T, V>(lanes_of<T>(p.units, end - 1));
    const Size full = vectors < V ? end - 1 : end;
    for (Size block = begin; block < full; block += N)
      for (Size i = row; i < row + tiles * R; i += R)
        across<T, V, R, N>(rows + i, p, block, block + N < full ? block + N : full, [&](Size at, int n, auto compute) {
          place(i, R, at, n, compute);
        });
    for (Size i = row; full < end && i < row + tiles * R; i += R)
      place(i, R, full, 1, [&](T* out, Size stride) {
        const Size at = full * V * L;
        tile_of<T, R, V>(vectors, rows + i, p.from, p.k, p.weights + at * p.k, p.init + at, out, stride);
      });
    row += tiles * R;
  }
  if constexpr (R > 1) down<T, V, R / 2>(rows, row, count, p, begin, end, place);
}

// The product of `count` rows with blocks `begin` to `end`, written to out + i * stride, block after block.
template <class T, int V>
void product_into(const T* const* rows, Size count, const Panels<T>& p, Size begin, Size end, T* out, Size stride) {
  down<T, V, kRows>(rows, 0, count, p, begin, end, [&](Size i, int, Size block, int, auto compute) {
    compute(out + i * stride + block * V * kLanes<T>, stride);
  });
}

// The same product, handed on while it is in the cache: first(row, block, sums) for each row and block of a tile, and
// then the next one, so that what does not wait for each other is computed side by side.
template <class T, int V, class... Use>
void product(const T* const* rows, Size count, const Panels<T>& p, Size begin, Size end, const Use&... use) {
  alignas(64) T sums[kSums * kLanes<T>] = {};  // lanes that no tile writes are read too
  down<T, V, kRows>(rows, 0, count, p, begin, end, [&](Size i, int r, Size block, int n, auto compute) {
    compute(sums, Size(n) * V * kLanes<T>);
    const auto each = [&](const auto& one) {
      for (int row = 0; row < r; ++row)
        for (int b = 0; b < n; ++b) one(i + row, block + b, sums + (row * n + b) * V * kLanes<T>);
    };
    (each(use), ...);
  });
}

}  // namespace
}  // namespace tf_gru
