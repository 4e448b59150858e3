// The weights' gradients: each is a sum, over all rows of all steps, of a multiplied number times a slope.
//
// The rows are the valid ones, from the last step to the first. Each element is computed as one chain of sums for each
// kSpan rows, in the order of the rows, and the chains are added in their order. So no element depends on the division
// of the work or on padding, and its error grows with kSpan plus the number of spans, not with their product.
#pragma once

#include "products.h"
#include "share.h"

namespace tf_gru {
namespace {

constexpr Size kSpan = 256;

// One gradient: `rows` numbers of left, from left_from on, times `columns` numbers of right, from right_from on.
template <class T>
struct Outer {
  const T* const* left;  // of each row
  Size left_from, rows;
  Size right_from, columns;
  T *chain, *total;  // rows by padded columns
};

template <class T>
constexpr Size kPanel = 3 * kLanes<T>;

template <class T>
Size padded(Size columns) {
  return (columns + kPanel<T> - 1) / kPanel<T> * kPanel<T>;
}

struct Piece {
  Size begin, end;   // among the rows of the chunk
  bool first, last;  // of a span
};

template <class T, int R, int V>
void outer_tile(const Outer<T>& o, const T* right, Size stride, Piece piece, Size row, Size column) {
  constexpr int L = kLanes<T>;
  const Size wide = padded<T>(o.columns);
  T* chain = o.chain + row * wide + column;
  Vec<T> sums[R][V];
#pragma GCC unroll 32
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 32
    for (int v = 0; v < V; ++v) sums[r][v] = piece.first ? Vec<T>{} : load(chain + r * wide + v * L);
  const T* slopes = right + piece.begin * stride + o.right_from + column;
  for (Size i = piece.begin; i < piece.end; ++i, slopes += stride) {
    const T* left = o.left[i] + o.left_from + row;
    Vec<T> values[V];
#pragma GCC unroll 32
    for (int v = 0; v < V; ++v) values[v] = load(slopes + v * L);
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
      const Vec<T> number = all(left[r]);
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) sums[r][v] = fma(number, values[v], sums[r][v]);
    }
  }
  T* total = o.total + row * wide + column;
#pragma GCC unroll 32
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 32
    for (int v = 0; v < V; ++v) {
      T* const sum = (piece.last ? total : chain) + r * wide + v * L;
      store(sum, piece.last ? load(sum) + sums[r][v] : sums[r][v]);
    }
}

template <class T, int V, int R>
void outer_rows(const Outer<T>& o, const T* right, Size stride, Piece piece, Size row, Size end, Size column) {
  for (; row + R <= end; row += R) outer_tile<T, R, V>(o, right, stride, piece, row, column);
  if constexpr (R > 1) outer_rows<T, V, R / 2>(o, right, stride, piece, row, end, column);
}

// A panel of three vectors of columns; the last panel may have fewer.
template <class T>
void outer_panel(const Outer<T>& o, const T* right, Size stride, Piece piece, Size row, Size end, Size column) {
  const Size left = o.columns - column;
  if (left > 2 * kLanes<T>)
    outer_rows<T, 3, kRows>(o, right, stride, piece, row, end, column);
  else if (left > kLanes<T>)
    outer_rows<T, 2, kRows>(o, right, stride, piece, row, end, column);
  else
    outer_rows<T, 1, kRows>(o, right, stride, piece, row, end, column);
}

// One thread's part of a gradient: whole panels, and some rows of the panels at both ends of its part.
template <class T>
void add_outer(const Outer<T>& o, const T* right, Size stride, Piece piece, const Team& team) {
  const Size tiles = (o.rows + kRows - 1) / kRows, panels = padded<T>(o.columns) / kPanel<T>;
  const Size begin = cut(tiles * panels, team.rank, team.size), end = cut(tiles * panels, team.rank + 1, team.size);
  for (Size at = begin; at < end;) {
    const Size panel = at / tiles, tile = at % tiles, last = tiles < end - panel * tiles ? tiles : end - panel * tiles;
    const Size row_end = last * kRows < o.rows ? last * kRows : o.rows;
    outer_panel<T>(o, right, stride, piece, tile * kRows, row_end, panel * kPanel<T>);
    at += last - tile;
  }
}

// The sums of all slopes, for the biases.
template <class T>
void add_columns(const T* right, Size stride, Size columns, T* chain, T* total, Piece piece, const Team& team) {
  constexpr int L = kLanes<T>;
  const Size blocks = (columns + L - 1) / L;
  for (Size block = cut(blocks, team.rank, team.size); block < cut(blocks, team.rank + 1, team.size); ++block) {
    Vec<T> sum = piece.first ? Vec<T>{} : load(chain + block * L);
    for (Size i = piece.begin; i < piece.end; ++i) sum += load(right + i * stride + block * L);
    store(chain + block * L, sum);
    if (piece.last) store(total + block * L, load(total + block * L) + sum);
  }
}

}  // namespace
}  // namespace tf_gru
