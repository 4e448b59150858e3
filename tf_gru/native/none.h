// No reset gate: n = tanh(x_n + h_n).
//
// Stored for the derivative: z, n. Slopes: z, n.
#pragma once

#include "steps.h"

namespace tf_gru {
namespace {

template <class T>
struct None {
  static constexpr int kGates = 2, kKept = 2, kSlopes = 2;
  static constexpr bool kNFirst = false;
  static constexpr int kFirst = 2;  // gates whose weights are multiplied by the state

  static void step(const StepWeights<T>& weights, const Step<T>& s, Size units, const Share& mine, const Plan&,
                   const Team&) {
    constexpr int L = kLanes<T>;
    product<T, 2>(s.h, s.count, weights.first, mine.block, mine.block_end, [&](Size i, Size block, const T* a) __attribute__((always_inline)) {
      const T* x = s.projected + i * s.stride + block * 2 * L;
      const Size j = block * L;
      const int some = lanes_of<T>(units, block), gate = apart<T, 2>(some);
      const Vec<T> z = sigmoid<T>(load(x) + load(a));
      const Vec<T> n = tanh<T>(load(x + gate) + load(a + gate));
      store(s.outputs[i] + j, some, blend<T>(z, load(s.h[i] + j, some), n));
      if (!s.kept) return;
      store(s.kept[i] + j, some, z);
      store(s.kept[i] + units + j, some, n);
    });
  }

  static void back(const BackWeights<T>& weights, const StepBack<T>& s, Size units, const Share& mine, const Plan& plan,
                   const Team& team) {
    for (Size i = 0; i < s.count; ++i)
      for (Size block = mine.block; block < mine.block_end; ++block) {
        const Size j = block * kLanes<T>;
        const int some = lanes_of<T>(units, block);
        const Vec<T> z = load(s.kept[i] + j, some), n = load(s.kept[i] + units + j, some), h = load(s.h[i] + j, some);
        const Vec<T> d = load(s.d_state[i] + j, some) + load(s.d_outputs[i] + j, some);
        store(s.slopes[i] + j, some, d * (h - n) * sigmoid_slope<T>(z));
        store(s.slopes[i] + units + j, some, d * (1 - z) * tanh_slope<T>(n));
        store(s.d_state[i] + j, some, d * z);
      }
    wait_at_step(plan, team);
    product<T, 1>(s.slopes, s.count, weights.first, mine.block, mine.block_end, [&](Size i, Size block, const T* sum) __attribute__((always_inline)) {
      T* d = s.d_state[i] + block * kLanes<T>;
      const int some = lanes_of<T>(units, block);
      store(d, some, load(d, some) + load(sum));
    });
  }
};

}  // namespace
}  // namespace tf_gru
