// The rows of one step, forward and backward, and the code that the three kinds of reset share.
#pragma once

#include "activations.h"
#include "products.h"
#include "share.h"

namespace tf_gru {
namespace {

template <class T>
struct Step {
  Size count;
  const T* const* h;   // the state before the step
  const T* projected;  // block gate lanes, one row after the other: the inputs' projection with its bias
  Size stride;
  T* const* reset;     // units: r * h, only for reset before
  T* const* outputs;   // units: the next state
  T* const* kept;      // units for each stored gate; null if none is stored
};

template <class T>
struct StepBack {
  Size count;
  const T* const* h;
  const T* const* kept;
  const T* const* d_outputs;
  T* const* d_state;  // of the state after the step, then of the state before it
  T* const* slopes;   // the cotangents of the pre-activations, and other numbers for the weights' gradients
};

// The weights of one step, forward and backward.
template <class T>
struct StepWeights {
  Panels<T> first;   // multiplied by the state: z, r, n; z, r; or z, n
  Panels<T> second;  // multiplied by the reset state: n, only for reset before
};

template <class T>
struct BackWeights {
  Panels<T> first;   // transposed: n, z, r; z, r; or z, n
  Panels<T> second;  // transposed n, only for reset before
};

// z * h + (1 - z) * n: exactly h if z is 1, exactly n if z is 0.
template <class T>
inline Vec<T> blend(Vec<T> z, Vec<T> h, Vec<T> n) {
  return fma(z, h, (1 - z) * n);
}

// The derivatives of sigmoid and tanh, computed from their values.
template <class T>
inline Vec<T> sigmoid_slope(Vec<T> z) {
  return z * (1 - z);
}

template <class T>
inline Vec<T> tanh_slope(Vec<T> n) {
  return fma(-n, n, all<T>(1));
}

}  // namespace
}  // namespace tf_gru
