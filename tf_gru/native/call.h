// One call of the kernel, as all files see it: plain data, no code.
//
// Arrays are C-contiguous, the batch first, in the element type of the call; strides follow from the sizes. Gates stand
// side by side on the last axis in the order z, r, n; without a reset gate z, n.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tf_gru {

using Size = std::ptrdiff_t;

enum Reset : int { kAfter, kBefore, kNone };

struct Call {
  Size batch, time, input_dim, units;
  Reset reset;
  bool reverse;           // from the last step to the first
  bool zero;              // a masked step outputs 0, else the state reached so far
  const void* inputs;     // batch time input_dim
  const void* start;      // batch units
  const void* kernel;     // input_dim gates*units
  const void* recurrent;  // units gates*units
  const void* bias;       // gates*units, or null
  const void* bias_h;     // gates*units, or null: the state's side, for reset after
  const uint8_t* valid;   // batch time, or null where every step counts
  void* outputs;          // batch time units; read by the derivative
  void* final_state;      // batch units
  void* kept;             // time batch kept*units: the gates, for the derivative; null where none are kept
};

struct Gradients {
  const void* outputs;      // batch time units
  const void* final_state;  // batch units
  void* inputs;             // batch time input_dim
  void* start;              // batch units
  void* kernel;             // as in Call
  void* recurrent;
  void* bias;    // or null: not wanted
  void* bias_h;  // or null; for reset after alone
};

// How the work is cut. Each thread has its rows of the batch; or, where these are few, all have all rows, and each its
// blocks of units, and they wait for each other at every step.
struct Plan {
  int threads;
  bool by_units;
  const Size* rows;  // threads + 1: where each thread's rows begin
};

struct Team {
  int rank, size;
  void (*wait)(void*);  // until all have come here
  void* pool;
};

// The kernels of one instruction set and one element type. `work` is aligned to 64 bytes.
struct Kernels {
  Size (*forward_bytes)(const Call*, const Plan*);  // of `work`; negative where that cannot be counted
  Size (*backward_bytes)(const Call*, const Plan*);
  void (*forward)(const Call*, const Plan*, char* work, const Team*);
  void (*backward)(const Call*, const Gradients*, const Plan*, char* work, const Team*);
  void (*sigmoid)(const void* from, void* to, Size count);
  void (*tanh)(const void* from, void* to, Size count);
};

struct InstructionSet {
  const char* name;
  Kernels float32, float64;
};

}  // namespace tf_gru
