// Arithmetic on many numbers at a time: conversions between floating-point types, extremes, quantization.
//
// Every function gives the same bits at every level and on every processor, for NaN too: what a partition is made of must not depend
// on the host that made it. Pointers other than to float need no alignment.
#ifndef WEIGHT_SERVER_CKERNELS_H
#define WEIGHT_SERVER_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// What the processor has to offer: a function may be called at any level up to `kernels_best_level`.
enum kernels_level {
  /// What every processor has that this was compiled for.
  KERNELS_PORTABLE = 0,
  /// AVX2 and F16C of x86-64.
  KERNELS_AVX2 = 1,
};

/// The element types of floating-point tensors.
enum kernels_type { KERNELS_F64, KERNELS_F32, KERNELS_F16, KERNELS_BF16, KERNELS_F8_E4M3FN, KERNELS_F8_E5M2 };

/// The highest level that this processor has.
int kernels_best_level(void);

/// Numbers of a type as float: exact, but for F64, which is rounded to nearest even.
void kernels_widen(int level, enum kernels_type type, const void *from, float *to, size_t count);

/// Floats as numbers of a type other than F64, rounded to nearest even. Overflow is infinity, but for F8_E4M3FN, which has none: its
/// largest number, also for an infinity.
void kernels_narrow(int level, enum kernels_type type, const float *from, void *to, size_t count);

/// The least and the greatest of at least one number, -0 being less than 0; both NaN where one of them is.
void kernels_extremes(int level, const float *from, size_t count, float *least, float *greatest);

/// Numbers times a multiplier, rounded to nearest even within -128 ... 127; NaN gives 0.
void kernels_quantize8(int level, const float *from, int8_t *to, size_t count, float multiplier);

/// (number - zero) / scale, rounded to nearest even within 0 ... 15; NaN, as where the scale is 0, gives 0.
void kernels_quantize4(int level, const float *from, uint8_t *to, size_t count, float zero, float scale);

/// Pairs of numbers below 16 as bytes, the first in the low nibble.
void kernels_pack4(int level, const uint8_t *from, uint8_t *to, size_t pairs);

/// Adds the squares of `from - (value * scale + zero)` to `sum` in order, and raises `greatest` to the largest magnitude of them.
void kernels_error8(const float *from, const int8_t *values, size_t count, float scale, double *greatest, double *sum);

/// The same of values that are not negative.
void kernels_error4(
  const float *from, const uint8_t *values, size_t count, float scale, float zero, double *greatest, double *sum);

#endif
