// One call of the kernel, for all files: plain data, no code.
//
// Arrays are C-contiguous, with the batch as the first axis, in the element type of the call; strides follow from the
// sizes. Gates stand side by side on the last axis in the order z, r, n, or z, n without a reset gate.
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
  bool zero;              // a masked step outputs 0, otherwise the last valid state
  const void* inputs;     // batch time input_dim
  const void* start;      // batch units
  const void* kernel;     // input_dim gates*units
  const void* recurrent;  // units gates*units
  const void* bias;       // gates*units, or null
  const void* bias_h;     // gates*units, or null: the state's bias, for reset after
  const uint8_t* valid;   // batch time, or null if every step is valid
  void* outputs;          // batch time units; the derivative reads it
  void* final_state;      // batch units
  void* kept;             // time batch kept*units: the gates, for the derivative; null if they are not stored
};

struct Gradients {
  const void* outputs;      // batch time units
  const void* final_state;  // batch units
  void* inputs;             // batch time input_dim
  void* start;              // batch units
  void* kernel;             // as in Call
  void* recurrent;
  void* bias;    // or null if it is not needed
  void* bias_h;  // or null; only for reset after
};

// The division of the work. Each thread has rows of the batch. If there are few rows, each thread has blocks of units
// of all rows, and the threads wait for each other at every step.
struct Plan {
  int threads;
  bool by_units;
  const Size* rows;  // threads + 1 numbers: the first row of each thread, then the end
};

struct Team {
  int rank, size;
  void (*wait)(void*);  // returns when all threads have called it
  void* pool;
};

// The kernels of one instruction set and one element type. `work` is aligned to 64 bytes.
struct Kernels {
  Size (*forward_bytes)(const Call*, const Plan*);  // of `work`; negative if a Size cannot hold the number
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
