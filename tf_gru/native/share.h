// The division of rows, units and steps among threads.
#pragma once

#include "packing.h"

namespace tf_gru {
namespace {

// One thread's part: rows of the batch, and blocks of units.
struct Share {
  Size row, row_end, block, block_end;
};

// The beginning of one of `parts` nearly equal parts of `count` things.
inline Size cut(Size count, int part, int parts) { return count / parts * part + (count % parts < part ? count % parts : part); }

inline Share share_of(const Call& call, const Plan& plan, int rank, Size blocks) {
  if (plan.by_units) return {0, call.batch, cut(blocks, rank, plan.threads), cut(blocks, rank + 1, plan.threads)};
  return {plan.rows[rank], plan.rows[rank + 1], 0, blocks};
}

// Waits for the other threads if they share rows.
inline void wait_at_step(const Plan& plan, const Team& team) {
  if (plan.by_units) team.wait(team.pool);
}

inline Size time_of(const Call& call, Size step) { return call.reverse ? call.time - 1 - step : step; }

inline bool counts(const Call& call, Size row, Size time) { return !call.valid || call.valid[row * call.time + time]; }

template <class T>
inline const T* at(const void* array, Size row) {
  return static_cast<const T*>(array) + row;
}

template <class T>
inline T* at(void* array, Size row) {
  return static_cast<T*>(array) + row;
}

}  // namespace
}  // namespace tf_gru
