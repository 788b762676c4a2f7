#include "CKernels.h"
#include "numbers.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_AVX2 __attribute__((target("avx2,f16c")))
#endif

typedef uint16_t loose16 __attribute__((aligned(1)));
typedef float loose32 __attribute__((aligned(1)));
typedef double loose64 __attribute__((aligned(1)));

int kernels_best_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c")) return KERNELS_AVX2;
#endif
  return KERNELS_PORTABLE;
}

// Each loop is written once and compiled at every level: inlined into a function for AVX2 it becomes AVX2's instructions.
#define EACH(conversion)                                                 \
  for (size_t index = 0; index < count; index++) to[index] = conversion(from[index])

#define CONVERSION(name, source, target, conversion)                                              \
  INLINE void name(const source *restrict from, target *restrict to, size_t count) { EACH(conversion); }

CONVERSION(widen_f64, loose64, float, (float))
CONVERSION(widen_f32, loose32, float, )
CONVERSION(widen_f16, loose16, float, f16_to_float)
CONVERSION(widen_bf16, loose16, float, bf16_to_float)
CONVERSION(widen_e4m3, uint8_t, float, e4m3_to_float)
CONVERSION(widen_e5m2, uint8_t, float, e5m2_to_float)
CONVERSION(narrow_f32, float, loose32, )
CONVERSION(narrow_f16, float, loose16, float_to_f16)
CONVERSION(narrow_bf16, float, loose16, float_to_bf16)
CONVERSION(narrow_e4m3, float, uint8_t, float_to_e4m3)
CONVERSION(narrow_e5m2, float, uint8_t, float_to_e5m2)

INLINE void widen(enum kernels_type type, const void *from, float *to, size_t count) {
  switch (type) {
  case KERNELS_F64: widen_f64(from, to, count); break;
  case KERNELS_F32: widen_f32(from, to, count); break;
  case KERNELS_F16: widen_f16(from, to, count); break;
  case KERNELS_BF16: widen_bf16(from, to, count); break;
  case KERNELS_F8_E4M3FN: widen_e4m3(from, to, count); break;
  case KERNELS_F8_E5M2: widen_e5m2(from, to, count); break;
  }
}

INLINE void narrow(enum kernels_type type, const float *from, void *to, size_t count) {
  switch (type) {
  case KERNELS_F64: break;
  case KERNELS_F32: narrow_f32(from, to, count); break;
  case KERNELS_F16: narrow_f16(from, to, count); break;
  case KERNELS_BF16: narrow_bf16(from, to, count); break;
  case KERNELS_F8_E4M3FN: narrow_e4m3(from, to, count); break;
  case KERNELS_F8_E5M2: narrow_e5m2(from, to, count); break;
  }
}

INLINE void extremes(const float *from, size_t count, float *least, float *greatest) {
  int32_t low = INT32_MAX, high = INT32_MIN;
  for (size_t index = 0; index < count; index++) {
    const int32_t order = ordered(from[index]);
    low = order < low ? order : low;
    high = order > high ? order : high;
  }
  const float first = disordered(low), last = disordered(high);
  const int hasNaN = first != first || last != last;
  *least = hasNaN ? float_of(INFINITE | QUIET) : first;
  *greatest = hasNaN ? float_of(INFINITE | QUIET) : last;
}

INLINE void quantize8(const float *restrict from, int8_t *restrict to, size_t count, float multiplier) {
  for (size_t index = 0; index < count; index++) {
    float number = from[index] * multiplier;
    number = number < -128.0f ? -128.0f : number;
    number = number > 127.0f ? 127.0f : number;
    to[index] = (int8_t)rounded(number);
  }
}

INLINE void quantize4(const float *restrict from, uint8_t *restrict to, size_t count, float zero, float scale) {
  for (size_t index = 0; index < count; index++) {
    float number = (from[index] - zero) / scale;
    number = number < 0.0f ? 0.0f : number;
    number = number > 15.0f ? 15.0f : number;
    to[index] = (uint8_t)(rounded(number) & 15);
  }
}

INLINE void pack4(const uint8_t *restrict from, uint8_t *restrict to, size_t pairs) {
  for (size_t pair = 0; pair < pairs; pair++) to[pair] = (uint8_t)(from[2 * pair] | from[2 * pair + 1] << 4);
}

#if defined(__x86_64__)
WITH_AVX2 static void widen_f16_avx2(const loose16 *from, float *to, size_t count) {
  size_t index = 0;
  for (; index + 8 <= count; index += 8)
    _mm256_storeu_ps(to + index, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + index))));
  widen_f16(from + index, to + index, count - index);
}

WITH_AVX2 static void narrow_f16_avx2(const float *from, loose16 *to, size_t count) {
  size_t index = 0;
  for (; index + 8 <= count; index += 8)
    _mm_storeu_si128((__m128i *)(to + index), _mm256_cvtps_ph(_mm256_loadu_ps(from + index), _MM_FROUND_TO_NEAREST_INT));
  narrow_f16(from + index, to + index, count - index);
}

WITH_AVX2 static void widen_avx2(enum kernels_type type, const void *from, float *to, size_t count) {
  widen(type, from, to, count);
}

WITH_AVX2 static void narrow_avx2(enum kernels_type type, const float *from, void *to, size_t count) {
  narrow(type, from, to, count);
}

WITH_AVX2 static void extremes_avx2(const float *from, size_t count, float *least, float *greatest) {
  extremes(from, count, least, greatest);
}

WITH_AVX2 static void quantize8_avx2(const float *from, int8_t *to, size_t count, float multiplier) {
  quantize8(from, to, count, multiplier);
}

WITH_AVX2 static void quantize4_avx2(const float *from, uint8_t *to, size_t count, float zero, float scale) {
  quantize4(from, to, count, zero, scale);
}

WITH_AVX2 static void pack4_avx2(const uint8_t *from, uint8_t *to, size_t pairs) { pack4(from, to, pairs); }

#define AT_LEVEL(call) \
  if (level == KERNELS_AVX2) return call
#else
#define AT_LEVEL(call) (void)level
#endif

void kernels_widen(int level, enum kernels_type type, const void *from, float *to, size_t count) {
  if (type == KERNELS_F16) AT_LEVEL(widen_f16_avx2(from, to, count));
  AT_LEVEL(widen_avx2(type, from, to, count));
  widen(type, from, to, count);
}

void kernels_narrow(int level, enum kernels_type type, const float *from, void *to, size_t count) {
  if (type == KERNELS_F16) AT_LEVEL(narrow_f16_avx2(from, to, count));
  AT_LEVEL(narrow_avx2(type, from, to, count));
  narrow(type, from, to, count);
}

void kernels_extremes(int level, const float *from, size_t count, float *least, float *greatest) {
  AT_LEVEL(extremes_avx2(from, count, least, greatest));
  extremes(from, count, least, greatest);
}

void kernels_quantize8(int level, const float *from, int8_t *to, size_t count, float multiplier) {
  AT_LEVEL(quantize8_avx2(from, to, count, multiplier));
  quantize8(from, to, count, multiplier);
}

void kernels_quantize4(int level, const float *from, uint8_t *to, size_t count, float zero, float scale) {
  AT_LEVEL(quantize4_avx2(from, to, count, zero, scale));
  quantize4(from, to, count, zero, scale);
}

void kernels_pack4(int level, const uint8_t *from, uint8_t *to, size_t pairs) {
  AT_LEVEL(pack4_avx2(from, to, pairs));
  pack4(from, to, pairs);
}

#define ADD_ERRORS()                                                        \
  double total = *sum, most = *greatest;                                    \
  for (size_t index = 0; index < count; index++) {                          \
    const float value = (float)values[index] * scale + zero;                \
    const double error = __builtin_fabs((double)from[index] - (double)value); \
    total += error * error;                                                 \
    most = error > most || error != error ? error : most;                   \
  }                                                                         \
  *sum = total;                                                             \
  *greatest = most

void kernels_error8(const float *from, const int8_t *values, size_t count, float scale, double *greatest, double *sum) {
  const float zero = 0;
  ADD_ERRORS();
}

void kernels_error4(
  const float *from, const uint8_t *values, size_t count, float scale, float zero, double *greatest, double *sum) {
  ADD_ERRORS();
}
