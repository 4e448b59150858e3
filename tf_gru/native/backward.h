// The backward pass, in chunks of time: first the slopes of a chunk, step by step, then its part of each gradient.
//
// The rows of a chunk are its valid rows, from its last step to its first, in the order of the batch within a step.
// Each thread lists all of them for the weights' gradients, and computes the slopes of its own rows. If the gates were not
// stored, the forward pass's code first computes them again, for all steps of a chunk at once.
#pragma once

#include "forward.h"
#include "sums.h"

namespace tf_gru {
namespace {

constexpr Size kChunkRows = 1024;

// The transposed weights, which the backward pass reads.
template <class T, class Variant>
struct Transposed {
  static constexpr int kGates = Variant::kGates, kFirst = Variant::kFirst, kSecond = kGates - kFirst;
  T *kernel, *first, *second, *zeros;

  Transposed(const Call& call, Memory& memory) {
    const Size all = blocks_of<T>(call.units) * kLanes<T>, all_inputs = blocks_of<T>(call.input_dim) * kLanes<T>;
    kernel = memory.take<T>(all_inputs * kGates, call.units);
    first = memory.take<T>(all * kFirst, call.units);
    second = memory.take<T>(all * kSecond, call.units);
    zeros = memory.take<T>(all > all_inputs ? all : all_inputs);
  }

  void pack(const Call& call, const Team& team) const {
    const Size units = call.units, wide = kGates * units, blocks = blocks_of<T>(units);
    const Size begin = cut(blocks, team.rank, team.size), end = cut(blocks, team.rank + 1, team.size);
    const T* recurrent = at<T>(call.recurrent, 0);
    const auto part = [&](T* to, int gates, int gate, Size k_to, Size k) {
      pack_transposed(to, recurrent + gate * units, gates * units, wide, units, begin, end, k_to * units, k * units);
    };
    if constexpr (Variant::kNFirst) {
      part(first, 1, kFirst - 1, 0, kFirst);
      part(first, kFirst - 1, 0, 1, kFirst);
    } else {
      part(first, kFirst, 0, 0, kFirst);
    }
    if constexpr (kSecond > 0) part(second, kSecond, kFirst, 0, kSecond);
    const Size of_inputs = blocks_of<T>(call.input_dim);
    pack_transposed(kernel, at<T>(call.kernel, 0), wide, wide, call.input_dim, cut(of_inputs, team.rank, team.size),
                    cut(of_inputs, team.rank + 1, team.size), 0, wide);
    const Size lanes = (blocks > of_inputs ? blocks : of_inputs) * kLanes<T>;
    for (Size i = cut(lanes, team.rank, team.size); i < cut(lanes, team.rank + 1, team.size); ++i) zeros[i] = 0;
  }

  Panels<T> inputs(const Call& call) const {
    return {kernel, kGates * call.units, zeros, call.input_dim, Variant::kNFirst ? call.units : 0};
  }
  BackWeights<T> step(const Call& call) const {
    const Size units = call.units;
    return {{first, kFirst * units, zeros, units, 0}, {second, kSecond * units, zeros, units, kFirst * units}};
  }
};

// The gradients of kernel, recurrent kernel and biases, as sums.
template <class T, class Variant>
struct WeightSums {
  static constexpr int kGates = Variant::kGates, kFirst = Variant::kFirst;
  static constexpr int kColumns = Variant::kNFirst ? Variant::kSlopes : kGates;
  Outer<T> kernel, first, second;
  T *bias_chain, *bias;

  WeightSums(const Call& call, Memory& memory) {
    const Size units = call.units;
    kernel = room(memory, call.input_dim, Variant::kNFirst ? units : 0, kGates * units);
    first = room(memory, units, 0, kFirst * units);
    second = room(memory, units, kFirst * units, (kGates - kFirst) * units);
    second.left_from = kGates * units;  // the reset state is stored after the slopes
    bias_chain = memory.take<T>(padded<T>(kColumns * units));
    bias = memory.take<T>(padded<T>(kColumns * units));
  }

  static Outer<T> room(Memory& memory, Size rows, Size from, Size columns) {
    T* chain = memory.take<T>(rows, padded<T>(columns));
    T* total = memory.take<T>(rows, padded<T>(columns));
    return {nullptr, 0, rows, from, columns, chain, total};
  }

  void clear(const Team& team) const {
    const Outer<T>* const all[] = {&kernel, &first, &second};
    for (const Outer<T>* o : all) {
      const Size size = o->rows * padded<T>(o->columns);
      for (Size i = cut(size, team.rank, team.size); i < cut(size, team.rank + 1, team.size); ++i) o->total[i] = 0;
    }
    if (team.rank == 0)
      for (Size i = 0; i < padded<T>(kColumns * first.rows); ++i) bias[i] = 0;
  }

  void add(const T* const* x, const T* const* h, const T* const* slopes, Size count, Size stride, Size seen,
           const Team& team) {
    kernel.left = x;
    first.left = h;
    second.left = slopes;
    for (Size begin = 0; begin < count;) {
      const Size there = (seen + begin) % kSpan, rest = kSpan - there;
      const Size end = count - begin < rest ? count : begin + rest;
      const Piece piece{begin, end, there == 0, end - begin == rest};
      add_outer(kernel, slopes[0], stride, piece, team);
      add_outer(first, slopes[0], stride, piece, team);
      if constexpr (kFirst < kGates) add_outer(second, slopes[0], stride, piece, team);
      add_columns(slopes[0], stride, kColumns * first.rows, bias_chain, bias, piece, team);
      begin = end;
    }
  }

  void write(const Call& call, const Gradients& to, bool open, const Team& team) const {
    const Size units = call.units, wide = kGates * units;
    write_rows(kernel, 0, wide, at<T>(to.kernel, 0), wide, open, team);
    T* recurrent = at<T>(to.recurrent, 0);
    if constexpr (Variant::kNFirst) {
      write_rows(first, 0, units, recurrent + (kFirst - 1) * units, wide, open, team);
      write_rows(first, units, wide - units, recurrent, wide, open, team);
    } else {
      write_rows(first, 0, kFirst * units, recurrent, wide, open, team);
    }
    if constexpr (kFirst < kGates) write_rows(second, 0, wide - kFirst * units, recurrent + kFirst * units, wide, open, team);
    if (team.rank != 0) return;
    const auto sum = [&](Size i) { return open ? bias[i] + bias_chain[i] : bias[i]; };
    for (Size j = 0; to.bias && j < wide; ++j) at<T>(to.bias, 0)[j] = sum(Variant::kNFirst ? j + units : j);
    if constexpr (Variant::kNFirst)
      for (Size j = 0; to.bias_h && j < wide; ++j)
        at<T>(to.bias_h, 0)[j] = sum(j < wide - units ? j + units : j - (wide - units));
  }

  static void write_rows(const Outer<T>& o, Size from, Size columns, T* to, Size to_stride, bool open, const Team& team) {
    const Size wide = padded<T>(o.columns);
    for (Size row = cut(o.rows, team.rank, team.size); row < cut(o.rows, team.rank + 1, team.size); ++row)
      for (Size j = 0; j < columns; ++j) {
        const Size i = row * wide + from + j;
        to[row * to_stride + j] = open ? o.total[i] + o.chain[i] : o.total[i];
      }
  }
};

// The memory that all threads share.
template <class T, class Variant>
struct BackwardMemory {
  Size steps, stride;
  Transposed<T, Variant> transposed;
  Packed<T, Variant> packed;  // for computing gates again
  WeightSums<T, Variant> sums;
  T *slopes, *kept;

  BackwardMemory(const Call& call, Memory& memory)
      : steps(steps_of(call)),
        stride(stride_of(call.units)),
        transposed(call, memory),
        packed(call.kept ? Call{} : call, memory),
        sums(call, memory),
        slopes(memory.take<T>(steps * call.batch + 1, stride)),
        kept(memory.take<T>(call.kept ? 0 : steps * call.batch, Variant::kKept * call.units)) {}

  static Size steps_of(const Call& call) {
    const Size fitting = kChunkRows / (call.batch > 0 ? call.batch : 1), some = fitting > 0 ? fitting : 1;
    return some < call.time ? some : call.time;
  }

  // An odd number of cache lines, so that rows do not share cache sets. A panel that begins in a row ends in it.
  static Size stride_of(Size units) {
    constexpr Size line = 64 / sizeof(T);
    return (((Variant::kSlopes * units + kPanel<T>)/line + 1) | 1) * line;
  }
};

// The memory of one thread: lists of all rows of a chunk, then lists of its own rows.
template <class T, class Variant>
struct BackwardRoom {
  const T **x, **h, **slopes;  // of all rows
  const T **kept, **d_outputs;
  T **d_state, **own_slopes;
  const T **own_x, **own_h, **own_read;
  T **own_kept, **own_reset, **own_write, **d_inputs;
  T* projected;
  Size stride;

  BackwardRoom(const Call& call, const Share& mine, Size steps, Memory& memory) {
    const Size all = steps * call.batch + 1, own = steps * (mine.row_end - mine.row);
    stride = blocks_of<T>(call.units) * kLanes<T> * Variant::kGates;
    const T*** const lists[] = {&x, &h, &slopes, &kept, &d_outputs};
    for (const T*** list : lists) *list = memory.take<const T*>(all);
    T*** const written[] = {&d_state, &own_slopes};
    for (T*** list : written) *list = memory.take<T*>(all);
    const T*** const own_lists[] = {&own_x, &own_h, &own_read};
    for (const T*** list : own_lists) *list = memory.take<const T*>(own);
    T*** const own_written[] = {&own_kept, &own_reset, &own_write, &d_inputs};
    for (T*** list : own_written) *list = memory.take<T*>(own);
    projected = memory.take<T>(call.kept ? 0 : own, stride);
  }
};

template <class T, class Variant>
Size backward_bytes(const Call* call, const Plan* plan) {
  Memory memory{nullptr};
  BackwardMemory<T, Variant> all(*call, memory);
  for (int rank = 0; rank < plan->threads; ++rank)
    BackwardRoom<T, Variant>(*call, share_of(*call, *plan, rank, blocks_of<T>(call->units)), all.steps, memory);
  return memory.counted ? memory.used : -1;
}

// The state before a step: the output of the last valid step before it, or the initial state.
template <class T>
const T* state_before(const Call& call, Size row, Size step) {
  while (step-- > 0) {
    const Size t = time_of(call, step);
    if (counts(call, row, t)) return at<T>(call.outputs, (row * call.time + t) * call.units);
  }
  return at<T>(call.start, row * call.units);
}

// A masked step: it passes the cotangent of its state on to the step before.
template <class T>
void pass_masked(const Call& call, const Gradients& to, const Share& mine, Size row, Size time) {
  const Size units = call.units, end = mine.block_end * kLanes<T> < units ? mine.block_end * kLanes<T> : units;
  const T* d_output = at<T>(to.outputs, (row * call.time + time) * units);
  T* d_state = at<T>(to.start, row * units);
  if (!call.zero)
    for (Size j = mine.block * kLanes<T>; j < end; ++j) d_state[j] += d_output[j];
  if (mine.block == 0)
    for (Size j = 0; j < call.input_dim; ++j) at<T>(to.inputs, (row * call.time + time) * call.input_dim)[j] = 0;
}

template <class T, class Variant>
void backward(const Call* given, const Gradients* to, const Plan* plan, char* work, const Team* team) {
  const Call& call = *given;
  const Size units = call.units, time = call.time, blocks = blocks_of<T>(units), kept_wide = Variant::kKept * units;
  Memory memory{work};
  BackwardMemory<T, Variant> shared(call, memory);
  for (int rank = 0; rank < team->rank; ++rank)
    BackwardRoom<T, Variant>(call, share_of(call, *plan, rank, blocks), shared.steps, memory);
  const Share mine = share_of(call, *plan, team->rank, blocks);
  const BackwardRoom<T, Variant> room(call, mine, shared.steps, memory);
  shared.transposed.pack(call, *team);
  if (!call.kept) shared.packed.pack(call, *team);
  shared.sums.clear(*team);
  for (Size b = mine.row; b < mine.row_end; ++b)
    copy(mine, units, at<T>(to->final_state, b * units), at<T>(to->start, b * units));
  team->wait(team->pool);

  const BackWeights<T> weights = shared.transposed.step(call);
  const Size input_blocks = blocks_of<T>(call.input_dim);
  const Size input_begin = plan->by_units ? cut(input_blocks, team->rank, team->size) : 0;
  const Size input_end = plan->by_units ? cut(input_blocks, team->rank + 1, team->size) : input_blocks;
  Size seen = 0;
  for (Size left = time; left > 0;) {
    const Size first = left > shared.steps ? left - shared.steps : 0;
    Size found = 0, own = 0;
    for (Size step = left; step-- > first;)
      for (Size b = 0, t = time_of(call, step); b < call.batch; ++b) {
        if (!counts(call, b, t)) continue;
        const Size i = found++, place = b * time + t;
        T* const slopes = shared.slopes + i * shared.stride;
        room.x[i] = at<T>(call.inputs, place * call.input_dim);
        room.h[i] = state_before<T>(call, b, step);
        room.slopes[i] = room.own_slopes[i] = slopes;
        if (b < mine.row || b >= mine.row_end) continue;
        T* const kept = call.kept ? at<T>(call.kept, (t * call.batch + b) * kept_wide) : shared.kept + i * kept_wide;
        room.kept[i] = kept;
        room.d_outputs[i] = at<T>(to->outputs, place * units);
        room.d_state[i] = at<T>(to->start, b * units);
        room.own_x[own] = room.x[i];
        room.own_h[own] = room.h[i];
        room.own_read[own] = room.own_write[own] = slopes;
        room.own_reset[own] = slopes + Variant::kGates * units;
        room.own_kept[own] = kept;
        room.d_inputs[own] = at<T>(to->inputs, place * call.input_dim);
        ++own;
      }
    if (!call.kept) {
      product_into<T, Variant::kGates>(room.own_x, own, shared.packed.inputs(call), mine.block, mine.block_end,
                                       room.projected, room.stride);
      const Step<T> again{own, room.own_h, room.projected, room.stride, room.own_reset, room.own_write, room.own_kept};
      Variant::step(shared.packed.step(call), again, units, mine, *plan, *team);
      wait_at_step(*plan, *team);
    }
    Size at_row = 0;
    for (Size step = left; step-- > first;) {
      const Size t = time_of(call, step);
      Size begin = at_row, end = at_row;
      for (Size b = 0; b < call.batch; ++b) {
        const bool own_row = b >= mine.row && b < mine.row_end;
        if (counts(call, b, t)) {
          ++at_row;
          begin += b < mine.row;
          end += b < mine.row_end;
        } else if (own_row) {
          pass_masked<T>(call, *to, mine, b, t);
        }
      }
      const StepBack<T> one{end - begin, room.h + begin, room.kept + begin, room.d_outputs + begin, room.d_state + begin,
                            room.own_slopes + begin};
      Variant::back(weights, one, units, mine, *plan, *team);
    }
    product<T, 1>(room.own_read, own, shared.transposed.inputs(call), input_begin, input_end,
                  [&](Size i, Size block, const T* sum) {
                    store(room.d_inputs[i] + block * kLanes<T>, lanes_of<T>(call.input_dim, block), load(sum));
                  });
    team->wait(team->pool);
    shared.sums.add(room.x, room.h, room.slopes, found, shared.stride, seen, *team);
    team->wait(team->pool);
    seen += found;
    left = first;
  }
  team->wait(team->pool);
  shared.sums.write(call, *to, seen % kSpan != 0, *team);
}

}  // namespace
}  // namespace tf_gru
