// The peak that times are held against: fused multiply-adds in registers and nothing else.
#include "simd.h"

extern "C" float fused(long operations) {
  using namespace tf_gru;
  constexpr int kChains = 12;  // more than a processor has under way at once
  Float sums[kChains], factor = all(0.5f), more = all(1.0f);
  for (int i = 0; i < kChains; ++i) sums[i] = all(float(i));
  for (long left = operations; left > 0; left -= 2L * kChains * kLanes<float>) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; ++i) sums[i] = fma(sums[i], factor, more);
  }
  float sum = 0;
  for (int i = 0; i < kChains; ++i) sum += sums[i][0];
  return sum;
}
