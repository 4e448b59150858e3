// The table of functions of one instruction set. This file is compiled once for each instruction set.
#pragma once

#include "backward.h"

namespace tf_gru {
namespace {

template <class T>
Size forward_bytes_of(const Call* call, const Plan* plan) {
  return call->reset == kAfter    ? forward_bytes<T, After<T>>(call, plan)
         : call->reset == kBefore ? forward_bytes<T, Before<T>>(call, plan)
                                  : forward_bytes<T, None<T>>(call, plan);
}

template <class T>
Size backward_bytes_of(const Call* call, const Plan* plan) {
  return call->reset == kAfter    ? backward_bytes<T, After<T>>(call, plan)
         : call->reset == kBefore ? backward_bytes<T, Before<T>>(call, plan)
                                  : backward_bytes<T, None<T>>(call, plan);
}

template <class T>
void forward_of(const Call* call, const Plan* plan, char* work, const Team* team) {
  call->reset == kAfter    ? forward<T, After<T>>(call, plan, work, team)
  : call->reset == kBefore ? forward<T, Before<T>>(call, plan, work, team)
                           : forward<T, None<T>>(call, plan, work, team);
}

template <class T>
void backward_of(const Call* call, const Gradients* to, const Plan* plan, char* work, const Team* team) {
  call->reset == kAfter    ? backward<T, After<T>>(call, to, plan, work, team)
  : call->reset == kBefore ? backward<T, Before<T>>(call, to, plan, work, team)
                           : backward<T, None<T>>(call, to, plan, work, team);
}

template <class T>
constexpr Kernels kKernels = {forward_bytes_of<T>, backward_bytes_of<T>,        forward_of<T>,
                              backward_of<T>,      activate<T, sigmoid<T>>, activate<T, tanh<T>>};

}  // namespace
}  // namespace tf_gru
