// Reset after the product: n = tanh(x_n + r * h_n).
//
// Stored for the derivative: z, r, n, h_n. Slopes: the state's side of n, z, r, then the inputs' side of n. The first
// three belong to the state's weights, the last three to the inputs' weights.
#pragma once

#include "steps.h"

namespace tf_gru {
namespace {

template <class T>
struct After {
  static constexpr int kGates = 3, kKept = 4, kSlopes = 4;
  static constexpr bool kNFirst = true;
  static constexpr int kFirst = 3;  // gates whose weights are multiplied by the state; the others by the reset state

  static void step(const StepWeights<T>& weights, const Step<T>& s, Size units, const Share& mine, const Plan&,
                   const Team&) {
    constexpr int L = kLanes<T>;
    const auto z_and_r = [&](Size i, Size block, T* a) __attribute__((always_inline)) {
      const T* x = s.projected + i * s.stride + block * 3 * L;
      const int some = lanes_of<T>(units, block), gate = apart<T, 3>(some);
      const Vec<T> z = sigmoid<T>(load(x) + load(a));
      const Vec<T> r = sigmoid<T>(load(x + gate) + load(a + gate));
      store(a, some, z);
      store(a + gate, some, r);
    };
    const auto state = [&](Size i, Size block, const T* a) __attribute__((always_inline)) {
      const Size j = block * L;
      const int some = lanes_of<T>(units, block), gate = apart<T, 3>(some);
      const T* x_n = s.projected + i * s.stride + block * 3 * L + 2 * gate;
      const Vec<T> z = load(a), r = load(a + gate), h_n = load(a + 2 * gate);
      const Vec<T> n = tanh<T>(fma(r, h_n, load(x_n)));
      store(s.outputs[i] + j, some, blend<T>(z, load(s.h[i] + j, some), n));
      if (!s.kept) return;
      T* kept = s.kept[i] + j;
      store(kept, some, z);
      store(kept + units, some, r);
      store(kept + 2 * units, some, n);
      store(kept + 3 * units, some, h_n);
    };
    product<T, 3>(s.h, s.count, weights.first, mine.block, mine.block_end, z_and_r, state);
  }

  static void back(const BackWeights<T>& weights, const StepBack<T>& s, Size units, const Share& mine, const Plan& plan,
                   const Team& team) {
    for (Size i = 0; i < s.count; ++i)
      for (Size block = mine.block; block < mine.block_end; ++block) {
        const Size j = block * kLanes<T>;
        const int some = lanes_of<T>(units, block);
        const T* kept = s.kept[i] + j;
        const Vec<T> z = load(kept, some), r = load(kept + units, some), n = load(kept + 2 * units, some);
        const Vec<T> h_n = load(kept + 3 * units, some), h = load(s.h[i] + j, some);
        const Vec<T> d = load(s.d_state[i] + j, some) + load(s.d_outputs[i] + j, some);
        const Vec<T> d_n = d * (1 - z) * tanh_slope<T>(n);
        T* slopes = s.slopes[i] + j;
        store(slopes, some, d_n * r);
        store(slopes + units, some, d * (h - n) * sigmoid_slope<T>(z));
        store(slopes + 2 * units, some, d_n * h_n * sigmoid_slope<T>(r));
        store(slopes + 3 * units, some, d_n);
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
