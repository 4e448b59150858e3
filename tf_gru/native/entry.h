// The library's interface in C. TensorFlow's ops call it, and other programs can call it too.
#pragma once

#include "call.h"

#pragma GCC visibility push(default)
extern "C" {

enum tf_gru_status { TF_GRU_DONE = 0, TF_GRU_NO_MEMORY = 1 };

// threads: the number of threads, or 0 to choose it by the size of the call. by_units: 0 divides rows among threads, 1
// divides units, -1 chooses.
int tf_gru_forward(const tf_gru::Call* call, int is_float64, int threads, int by_units);
int tf_gru_backward(const tf_gru::Call* call, const tf_gru::Gradients* to, int is_float64, int threads, int by_units);

void tf_gru_activate(int is_tanh, const void* from, void* to, std::ptrdiff_t count, int is_float64);

// The name of the instruction set in use, or null. Then tf_gru_why_not gives the reason in words.
const char* tf_gru_instruction_set(void);
const char* tf_gru_why_not(void);

void tf_gru_set_threads(int count);
}
#pragma GCC visibility pop
