// sigmoid and tanh, to less than 2 units in the last place, without overflow, in any rounding mode.
//
// Both use exp(x) = 2^n (1 + s) for x <= 0, with |x - n ln 2| <= ln(2)/2. s is computed to nearly full accuracy even
// if it is tiny, so exp(x) - 1 has no cancellation, and tanh needs no other series near 0. Each ends with a correction: the
// roundings of the denominator, and for tanh of all that the division has, are computed and taken back.
#pragma once

#include "simd.h"

namespace tf_gru {
namespace {

template <class T>
struct Constants;
template <>
struct Constants<float> {
  static constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;  // few bits: n times it is exact
  static constexpr float kSigmoidFlat = 104, kTanhFlat = 10;  // exp(-104) rounds to 0, tanh(10) to 1
  static constexpr int kTerms = 7, kBias = 127, kFraction = 23;
};
template <>
struct Constants<double> {
  static constexpr double kLog2E = 1.4426950408889634, kLn2High = 6.93147180369123816490e-1;
  static constexpr double kLn2Low = 1.90821492927058770002e-10;
  static constexpr double kSigmoidFlat = 746, kTanhFlat = 20;
  static constexpr int kTerms = 13, kBias = 1023, kFraction = 52;
};

constexpr double factorial(int k) { return k < 2 ? 1 : k * factorial(k - 1); }

// The sum of r^(k-2)/k! for k from K on.
template <class T, int K>
inline Vec<T> series(Vec<T> r) {
  constexpr T term = T(1 / factorial(K));
  if constexpr (K == Constants<T>::kTerms)
    return all<T>(term);
  else
    return fma(series<T, K + 1>(r), r, all<T>(term));
}

template <class T>
inline Vec<T> power_of_2(typename Vectors<T>::Whole n) {
  return Vec<T>((n + Constants<T>::kBias) << Constants<T>::kFraction);
}

// a times 2^n, rounded once.
template <class T>
inline Vec<T> scaled(Vec<T> a, typename Vectors<T>::Whole n) {
#if defined(__AVX512F__)
  return scale(a, real(n));
#else
  const auto half = n >> 1;  // one factor 2^n would underflow before the product
  return a * power_of_2<T>(half) * power_of_2<T>(n - half);
#endif
}

// n and s such that exp(x) = 2^n (1 + s), for x from -1000 to 0.
template <class T>
inline typename Vectors<T>::Whole reduce(Vec<T> x, Vec<T>& s) {
  using C = Constants<T>;
  const auto n = truncated(x * C::kLog2E - T(0.5));
  const Vec<T> steps = -real(n);
  const Vec<T> r = fma(steps, all(C::kLn2Low), fma(steps, all(C::kLn2High), x));
  s = fma(r * r, series<T, 2>(r), r);
  return n;
}

template <class T>
inline Vec<T> signed_as(Vec<T> size, Vec<T> a) {
  using Whole = typename Vectors<T>::Whole;
  const Whole sign = (Whole)all(T(-0.0));
  return (Vec<T>)(((Whole)size & ~sign) | ((Whole)a & sign));
}

template <class T>
inline Vec<T> magnitude(Vec<T> a, T flat) {
  const Vec<T> size = signed_as<T>(a, Vec<T>{});
  return size > flat ? all(flat) : size;  // a NaN stays a NaN
}

template <class T>
inline Vec<T> sigmoid(Vec<T> a) {
  Vec<T> s;
  const auto n = reduce<T>(-magnitude<T>(a, Constants<T>::kSigmoidFlat), s);
  const Vec<T> e = scaled<T>(1 + s, n);
  const Vec<T> sum = 1 + e, excess = (sum - 1) - e;
  const Vec<T> quotient = (a < 0 ? e : all<T>(1)) / sum;
  return fma(quotient, excess, quotient);
}

template <class T>
inline Vec<T> tanh(Vec<T> a) {
  Vec<T> s;
  const auto n = reduce<T>(-2 * magnitude<T>(a, Constants<T>::kTanhFlat), s);
  const Vec<T> scale = power_of_2<T>(n);
  const Vec<T> m = fma(s, scale, scale - 1), lost = fma(s, scale, (scale - 1) - m);
  const Vec<T> sum = 2 + m, excess = (sum - 2) - m;
  const Vec<T> quotient = m / sum, left = fma(quotient, excess, fma(-quotient, sum, m)) + lost;
  const Vec<T> inverse = fma(quotient, all(T(-0.5)), all(T(0.5)));  // 1 / sum
  return signed_as<T>(fma(left, inverse, quotient), a);
}

template <class T, Vec<T> (*activation)(Vec<T>)>
void activate(const void* from, void* to, Size count) {
  for (Size i = 0; i < count; i += kLanes<T>) {
    const int some = count - i < kLanes<T> ? int(count - i) : kLanes<T>;
    store(static_cast<T*>(to) + i, some, activation(load(static_cast<const T*>(from) + i, some)));
  }
}

}  // namespace
}  // namespace tf_gru
