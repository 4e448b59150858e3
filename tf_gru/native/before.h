// Reset before the product: n = tanh(x_n + (r * h) U_n).
//
// Stored for the derivative: z, r, n. Slopes: z, r, n, then the reset state r * h, which the state's weights of n
// multiplied.
#pragma once

#include "steps.h"

namespace tf_gru {
namespace {

template <class T>
struct Before {
  static constexpr int kGates = 3, kKept = 3, kSlopes = 4;
  static constexpr bool kNFirst = false;
  static constexpr int kFirst = 2;  // gates whose weights are multiplied by the state; the others by the reset state

  static void step(const StepWeights<T>& weights, const Step<T>& s, Size units, const Share& mine, const Plan& plan,
                   const Team& team) {
    constexpr int L = kLanes<T>;
    product<T, 2>(s.h, s.count, weights.first, mine.block, mine.block_end, [&](Size i, Size block, const T* a) __attribute__((always_inline)) {
      const T* x = s.projected + i * s.stride + block * 3 * L;
      const Size j = block * L;
      const int some = lanes_of<T>(units, block), gate = apart<T, 2>(some);
      const Vec<T> r = sigmoid<T>(load(x + apart<T, 3>(some)) + load(a + gate));
      store(s.outputs[i] + j, some, sigmoid<T>(load(x) + load(a)));  // the place of the output holds z until n is known
      store(s.reset[i] + j, some, r * load(s.h[i] + j, some));
      if (s.kept) store(s.kept[i] + units + j, some, r);
    });
    wait_at_step(plan, team);
    product<T, 1>(s.reset, s.count, weights.second, mine.block, mine.block_end, [&](Size i, Size block, const T* a) __attribute__((always_inline)) {
      const Size j = block * L;
      const int some = lanes_of<T>(units, block);
      const T* x_n = s.projected + i * s.stride + block * 3 * L + 2 * apart<T, 3>(some);
      const Vec<T> z = load(s.outputs[i] + j, some), n = tanh<T>(load(x_n) + load(a));
      store(s.outputs[i] + j, some, blend<T>(z, load(s.h[i] + j, some), n));
      if (!s.kept) return;
      store(s.kept[i] + j, some, z);
      store(s.kept[i] + 2 * units + j, some, n);
    });
  }

  static void back(const BackWeights<T>& weights, const StepBack<T>& s, Size units, const Share& mine, const Plan& plan,
                   const Team& team) {
    for (Size i = 0; i < s.count; ++i)
      for (Size block = mine.block; block < mine.block_end; ++block) {
        const Size j = block * kLanes<T>;
        const int some = lanes_of<T>(units, block);
        const T* kept = s.kept[i] + j;
        const Vec<T> z = load(kept, some), r = load(kept + units, some), n = load(kept + 2 * units, some);
        const Vec<T> h = load(s.h[i] + j, some);
        const Vec<T> d = load(s.d_state[i] + j, some) + load(s.d_outputs[i] + j, some);
        T* slopes = s.slopes[i] + j;
        store(slopes, some, d * (h - n) * sigmoid_slope<T>(z));
        store(slopes + 2 * units, some, d * (1 - z) * tanh_slope<T>(n));
        store(slopes + 3 * units, some, r * h);
        store(s.d_state[i] + j, some, d * z);
      }
    wait_at_step(plan, team);
    product<T, 1>(s.slopes, s.count, weights.second, mine.block, mine.block_end, [&](Size i, Size block, const T* sum) __attribute__((always_inline)) {
      const Size j = block * kLanes<T>;
      const int some = lanes_of<T>(units, block);
      const Vec<T> r = load(s.kept[i] + units + j, some), h = load(s.h[i] + j, some), d = load(sum);
      T* d_state = s.d_state[i] + j;
      store(s.slopes[i] + units + j, some, d * h * sigmoid_slope<T>(r));
      store(d_state, some, fma(d, r, load(d_state, some)));
    });
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
