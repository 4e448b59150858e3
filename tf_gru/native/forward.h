// The forward pass, in chunks of time whose projected inputs fit in the cache.
#pragma once

#include "after.h"
#include "before.h"
#include "none.h"

namespace tf_gru {
namespace {

constexpr Size kChunkBytes = 256 * 1024;  // of projected inputs: a quarter or half of a second-level cache

// The weights that the forward pass reads, packed by all threads together.
template <class T, class Variant>
struct Packed {
  static constexpr int kGates = Variant::kGates, kFirst = Variant::kFirst, kSecond = kGates - kFirst;
  T *kernel, *first, *second, *bias, *bias_h, *zeros;

  Packed(const Call& call, Memory& memory) {
    const Size all = blocks_of<T>(call.units) * kLanes<T>;
    kernel = memory.take<T>(all * kGates, call.input_dim);
    first = memory.take<T>(all * kFirst, call.units);
    second = memory.take<T>(all * kSecond, call.units);
    bias = memory.take<T>(all * kGates);
    bias_h = memory.take<T>(all * kFirst);
    zeros = memory.take<T>(all);
  }

  void pack(const Call& call, const Team& team) const {
    const Size units = call.units, blocks = blocks_of<T>(units), wide = kGates * units;
    const Size begin = cut(blocks, team.rank, team.size), end = cut(blocks, team.rank + 1, team.size);
    const T* recurrent = at<T>(call.recurrent, 0);
    tf_gru::pack<T, kGates>(kernel, at<T>(call.kernel, 0), call.input_dim, wide, units, begin, end);
    tf_gru::pack<T, kFirst>(first, recurrent, units, wide, units, begin, end);
    if constexpr (kSecond > 0) {
      tf_gru::pack<T, kSecond>(second, recurrent + kFirst * units, units, wide, units, begin, end);
      pack_bias<T, kSecond>(zeros, nullptr, units, begin, end);
    }
    pack_bias<T, kGates>(bias, at<T>(call.bias, 0), units, begin, end);
    pack_bias<T, kFirst>(bias_h, at<T>(call.bias_h, 0), units, begin, end);
  }

  Panels<T> inputs(const Call& call) const { return {kernel, call.input_dim, bias, call.units}; }
  StepWeights<T> step(const Call& call) const {
    return {{first, call.units, bias_h, call.units}, {second, call.units, zeros, call.units}};
  }
};

// The memory of one thread.
template <class T, class Variant>
struct ForwardRoom {
  Size rows, steps, stride;
  const T **states, **x, **h;
  T **outputs, **kept, **reset;
  T* projected;

  ForwardRoom(const Call& call, const Share& mine, Memory& memory) {
    rows = mine.row_end - mine.row;
    stride = blocks_of<T>(call.units) * kLanes<T> * Variant::kGates;
    const Size some = rows > 0 ? rows : 1, tiles = (kRows + some - 1) / some;
    steps = kChunkBytes / Size(sizeof(T)) / (stride > 0 ? stride : 1) / some;
    steps = steps < tiles ? tiles : steps;
    steps = steps < call.time ? steps : call.time;
    states = memory.take<const T*>(rows);
    h = memory.take<const T*>(rows);
    outputs = memory.take<T*>(rows);
    kept = memory.take<T*>(rows);
    reset = memory.take<T*>(rows);
    x = memory.take<const T*>(steps, rows);
    projected = memory.take<T>(steps * rows, stride);
  }
};

template <class T, class Variant>
struct ForwardMemory {
  Packed<T, Variant> packed;
  T* reset;

  ForwardMemory(const Call& call, Memory& memory)
      : packed(call, memory), reset(memory.take<T>(Variant::kFirst < Variant::kGates ? call.batch : 0, call.units)) {}
};

template <class T, class Variant>
Size forward_bytes(const Call* call, const Plan* plan) {
  Memory memory{nullptr};
  ForwardMemory<T, Variant> all(*call, memory);
  for (int rank = 0; rank < plan->threads; ++rank)
    ForwardRoom<T, Variant>(*call, share_of(*call, *plan, rank, blocks_of<T>(call->units)), memory);
  return memory.counted ? memory.used : -1;
}

// Copies a thread's own units of a state.
template <class T>
void copy(const Share& mine, Size units, const T* from, T* to) {
  const Size end = mine.block_end * kLanes<T> < units ? mine.block_end * kLanes<T> : units;
  for (Size j = mine.block * kLanes<T>; j < end; ++j) to[j] = from ? from[j] : T(0);
}

template <class T, class Variant>
void forward(const Call* given, const Plan* plan, char* work, const Team* team) {
  const Call& call = *given;
  const Size units = call.units, time = call.time, blocks = blocks_of<T>(units);
  Memory memory{work};
  const ForwardMemory<T, Variant> shared(call, memory);
  for (int rank = 0; rank < team->rank; ++rank)
    ForwardRoom<T, Variant>(call, share_of(call, *plan, rank, blocks), memory);
  const Share mine = share_of(call, *plan, team->rank, blocks);
  const ForwardRoom<T, Variant> room(call, mine, memory);
  shared.packed.pack(call, *team);
  team->wait(team->pool);

  const Panels<T> inputs = shared.packed.inputs(call);
  const StepWeights<T> weights = shared.packed.step(call);
  for (Size b = mine.row; b < mine.row_end; ++b) room.states[b - mine.row] = at<T>(call.start, b * units);
  for (Size begin = 0; begin < time; begin += room.steps) {
    const Size end = begin + room.steps < time ? begin + room.steps : time;
    Size found = 0;
    for (Size step = begin; step < end; ++step)
      for (Size b = mine.row, t = time_of(call, step); b < mine.row_end; ++b)
        if (counts(call, b, t)) room.x[found++] = at<T>(call.inputs, (b * time + t) * call.input_dim);
    product_into<T, Variant::kGates>(room.x, found, inputs, mine.block, mine.block_end, room.projected, room.stride);

    const T* projected = room.projected;
    for (Size step = begin; step < end; ++step) {
      const Size t = time_of(call, step);
      Size count = 0;
      for (Size b = mine.row; b < mine.row_end; ++b) {
        T* output = at<T>(call.outputs, (b * time + t) * units);
        const T*& state = room.states[b - mine.row];
        if (!counts(call, b, t)) {
          copy(mine, units, call.zero ? nullptr : state, output);
          continue;
        }
        room.h[count] = state;
        room.outputs[count] = output;
        state = output;
        room.reset[count] = shared.reset + b * units;
        if (call.kept) room.kept[count] = at<T>(call.kept, (t * call.batch + b) * units * Variant::kKept);
        ++count;
      }
      const Step<T> one{count, room.h, projected, room.stride, room.reset, room.outputs, call.kept ? room.kept : nullptr};
      Variant::step(weights, one, units, mine, *plan, *team);
      wait_at_step(*plan, *team);
      projected += count * room.stride;
    }
  }
  for (Size b = mine.row; b < mine.row_end; ++b)
    copy(mine, units, room.states[b - mine.row], at<T>(call.final_state, b * units));
}

}  // namespace
}  // namespace tf_gru
