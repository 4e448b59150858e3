// Vectors of the instruction set that a file is compiled for: GCC's vector types, and a few operations that they lack.
//
// All is in an unnamed namespace, so that the linker never replaces it by another file's code for another instruction
// set.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "call.h"

namespace tf_gru {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64, kRegisters = 32;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32, kRegisters = 16;
#elif defined(__aarch64__)
constexpr int kVectorBytes = 16, kRegisters = 32;
#else
constexpr int kVectorBytes = 16, kRegisters = 16;
#endif

typedef float Float __attribute__((vector_size(kVectorBytes)));
typedef double Double __attribute__((vector_size(kVectorBytes)));
typedef int32_t Int __attribute__((vector_size(kVectorBytes)));
typedef int64_t Long __attribute__((vector_size(kVectorBytes)));
typedef int32_t HalfInt __attribute__((vector_size(kVectorBytes / 2)));

template <class T>
struct Vectors;
template <>
struct Vectors<float> {
  using Real = Float;
  using Whole = Int;
  typedef float Loose __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
};
template <>
struct Vectors<double> {
  using Real = Double;
  using Whole = Long;
  typedef double Loose __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
};

template <class T>
using Vec = typename Vectors<T>::Real;
template <class T>
constexpr int kLanes = kVectorBytes / int(sizeof(T));

template <class T>
inline Vec<T> load(const T* from) {
  return *reinterpret_cast<const typename Vectors<T>::Loose*>(from);
}

template <class T>
inline void store(T* to, Vec<T> value) {
  *reinterpret_cast<typename Vectors<T>::Loose*>(to) = value;
}

template <class T>
inline Vec<T> all(T value) {
  return value - Vec<T>{};  // -0 stays -0
}

// fma: a * b + c, rounded once. load_some and store_some: only the first `count` lanes; load_some sets the others to 0.
#if defined(__AVX512F__)
inline Float fma(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
inline Double fma(Double a, Double b, Double c) { return _mm512_fmadd_pd(a, b, c); }
inline Float scale(Float a, Float n) { return _mm512_maskz_scalef_ps(0xffff, a, n); }
inline Double scale(Double a, Double n) { return _mm512_maskz_scalef_pd(0xff, a, n); }
inline Float load_some(const float* from, int count) { return _mm512_maskz_loadu_ps((1u << count) - 1, from); }
inline Double load_some(const double* from, int count) { return _mm512_maskz_loadu_pd((1u << count) - 1, from); }
inline void store_some(float* to, int count, Float value) { _mm512_mask_storeu_ps(to, (1u << count) - 1, value); }
inline void store_some(double* to, int count, Double value) { _mm512_mask_storeu_pd(to, (1u << count) - 1, value); }
#elif defined(__AVX2__)
inline Float fma(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
inline Double fma(Double a, Double b, Double c) { return _mm256_fmadd_pd(a, b, c); }
inline __m256i first(int count, float) { return __m256i(Int{0, 1, 2, 3, 4, 5, 6, 7} < count); }
inline __m256i first(int count, double) { return __m256i(Long{0, 1, 2, 3} < count); }
inline Float load_some(const float* from, int count) { return _mm256_maskload_ps(from, first(count, *from)); }
inline Double load_some(const double* from, int count) { return _mm256_maskload_pd(from, first(count, *from)); }
inline void store_some(float* to, int count, Float value) { _mm256_maskstore_ps(to, first(count, *to), value); }
inline void store_some(double* to, int count, Double value) { _mm256_maskstore_pd(to, first(count, *to), value); }
#else
#if defined(__aarch64__)
inline Float fma(Float a, Float b, Float c) { return Float(vfmaq_f32(float32x4_t(c), float32x4_t(a), float32x4_t(b))); }
inline Double fma(Double a, Double b, Double c) {
  return Double(vfmaq_f64(float64x2_t(c), float64x2_t(a), float64x2_t(b)));
}
#else
inline Float fma(Float a, Float b, Float c) {
  return Float{__builtin_fmaf(a[0], b[0], c[0]), __builtin_fmaf(a[1], b[1], c[1]), __builtin_fmaf(a[2], b[2], c[2]),
               __builtin_fmaf(a[3], b[3], c[3])};
}
inline Double fma(Double a, Double b, Double c) {
  return Double{__builtin_fma(a[0], b[0], c[0]), __builtin_fma(a[1], b[1], c[1])};
}
#endif
template <class T>
inline Vec<T> load_some(const T* from, int count) {
  Vec<T> value{};
  for (int i = 0; i < count; ++i) value[i] = from[i];
  return value;
}
template <class T>
inline void store_some(T* to, int count, Vec<T> value) {
  for (int i = 0; i < count; ++i) to[i] = value[i];
}
#endif

// The lanes of a block of units; the last block may have fewer.
template <class T>
inline Vec<T> load(const T* from, int count) {
  return count == kLanes<T> ? load(from) : load_some(from, count);
}

template <class T>
inline void store(T* to, int count, Vec<T> value) {
  if (count == kLanes<T>)
    store(to, value);
  else
    store_some(to, count, value);
}

inline Int truncated(Float a) { return __builtin_convertvector(a, Int); }
inline Long truncated(Double a) { return __builtin_convertvector(__builtin_convertvector(a, HalfInt), Long); }
inline Float real(Int a) { return __builtin_convertvector(a, Float); }
inline Double real(Long a) { return __builtin_convertvector(__builtin_convertvector(a, HalfInt), Double); }

}  // namespace
}  // namespace tf_gru
