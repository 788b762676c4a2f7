// One number at a time, without branches, so that a compiler can make vectors of them.
#ifndef WEIGHT_SERVER_NUMBERS_H
#define WEIGHT_SERVER_NUMBERS_H

#include <stdint.h>
#include <string.h>

// Nothing here may be contracted to a fused multiply-add: it would round once where the reference rounds twice.
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t bits_of(float number) {
  uint32_t bits;
  memcpy(&bits, &number, sizeof bits);
  return bits;
}

INLINE float float_of(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

#define QUIET UINT32_C(0x00400000)
#define INFINITE UINT32_C(0x7F800000)

INLINE float f16_to_float(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  const uint32_t magnitude = (uint32_t)(half & 0x7FFF) << 13;
  const uint32_t normal = magnitude + ((127 - 15) << 23);
  // A subnormal is made a normal number with its leading bit set, from which that bit is taken away again.
  const uint32_t subnormal = bits_of(float_of(magnitude + (113 << 23)) - float_of(113 << 23));
  uint32_t special = magnitude + ((255 - 31) << 23);
  special |= magnitude > (UINT32_C(0x7C00) << 13) ? QUIET : 0;
  uint32_t bits = magnitude < (UINT32_C(0x0400) << 13) ? subnormal : normal;
  bits = magnitude >= (UINT32_C(0x7C00) << 13) ? special : bits;
  return float_of(bits | sign);
}

INLINE uint16_t float_to_f16(float number) {
  const uint32_t all = bits_of(number);
  const uint32_t sign = (all >> 16) & 0x8000;
  const uint32_t magnitude = all & 0x7FFFFFFF;
  // Adding 0.5 leaves a subnormal's bits, rounded, in the low end of the significand.
  const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
  const uint32_t normal = (magnitude - ((127 - 15) << 23) + 0x0FFF + ((magnitude >> 13) & 1)) >> 13;
  const uint32_t special = magnitude > INFINITE ? (0x7E00 | ((magnitude >> 13) & 0x3FF)) : 0x7C00;
  uint32_t half = magnitude < (UINT32_C(113) << 23) ? subnormal : normal;
  half = magnitude >= (UINT32_C(143) << 23) ? special : half;
  return (uint16_t)(half | sign);
}

INLINE float bf16_to_float(uint16_t brain) { return float_of((uint32_t)brain << 16); }

INLINE uint16_t float_to_bf16(float number) {
  const uint32_t bits = bits_of(number);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  return (uint16_t)((bits & 0x7FFFFFFF) > INFINITE ? 0x7FC0 : rounded);
}

INLINE float e4m3_to_float(uint8_t eighth) {
  const uint32_t sign = (uint32_t)(eighth & 0x80) << 24;
  const uint32_t magnitude = (uint32_t)(eighth & 0x7F) << 20;
  const uint32_t normal = magnitude + ((127 - 7) << 23);
  const uint32_t subnormal = bits_of(float_of(magnitude + (121 << 23)) - float_of(121 << 23));
  uint32_t bits = magnitude < (UINT32_C(0x08) << 20) ? subnormal : normal;
  bits = magnitude == (UINT32_C(0x7F) << 20) ? UINT32_C(0x7FF00000) : bits;
  return float_of(bits | sign);
}

INLINE uint8_t float_to_e4m3(float number) {
  const uint32_t all = bits_of(number);
  const uint32_t sign = (all >> 24) & 0x80;
  const uint32_t magnitude = all & 0x7FFFFFFF;
  const uint32_t subnormal = bits_of(float_of(magnitude) + float_of(141u << 23)) - (141u << 23);
  uint32_t normal = (magnitude - ((127 - 7) << 23) + 0x7FFFF + ((magnitude >> 20) & 1)) >> 20;
  normal = normal >= 0x7F ? 0x7E : normal;
  uint32_t eighth = magnitude < (UINT32_C(121) << 23) ? subnormal : normal;
  // From 480 on, which would be the NaN's pattern.
  eighth = magnitude >= (UINT32_C(1087) << 20) ? 0x7E : eighth;
  eighth = magnitude > INFINITE ? 0x7F : eighth;
  return (uint8_t)(eighth | sign);
}

INLINE float e5m2_to_float(uint8_t eighth) { return f16_to_float((uint16_t)(eighth << 8)); }

INLINE uint8_t float_to_e5m2(float number) {
  const uint32_t all = bits_of(number);
  const uint32_t sign = (all >> 24) & 0x80;
  const uint32_t magnitude = all & 0x7FFFFFFF;
  const uint32_t subnormal = bits_of(float_of(magnitude) + float_of(134u << 23)) - (134u << 23);
  const uint32_t normal = (magnitude - ((127 - 15) << 23) + 0xFFFFF + ((magnitude >> 21) & 1)) >> 21;
  uint32_t eighth = magnitude < (UINT32_C(113) << 23) ? subnormal : normal;
  eighth = magnitude >= (UINT32_C(143) << 23) ? 0x7C : eighth;
  eighth = magnitude > INFINITE ? 0x7F : eighth;
  return (uint8_t)(eighth | sign);
}

/// A float's bits in an order that integers compare: -NaN, -infinity, … -0, 0, … infinity, NaN.
INLINE int32_t ordered(float number) {
  const int32_t bits = (int32_t)bits_of(number);
  return bits ^ ((bits >> 31) & INT32_C(0x7FFFFFFF));
}

INLINE float disordered(int32_t order) {
  return float_of((uint32_t)(order ^ ((order >> 31) & INT32_C(0x7FFFFFFF))));
}

/// A number between -2^22 and 2^22 rounded to nearest even, its lowest byte as two's complement; NaN gives 0.
INLINE uint32_t rounded(float number) {
  // At this size a float's last bit is worth one.
  return number == number ? bits_of(number + 12582912.0f) : 0;
}

#endif
