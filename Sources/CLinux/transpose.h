// The transposition of a matrix in blocks: `rows` rows of elements, `step` bytes apart in the source, become columns of the destination,
// whose rows are `pitch` bytes apart.
//
// Both distances are mostly multiples of a page, which all fall into the same few places of a cache. So a block is first copied out of
// the source row by row, turned round between two small arrays whose rows fall into different places, and copied into the destination row
// by row. The block after it is asked for ahead: its rows lie a page or more apart, where no processor looks by itself.
#ifndef WEIGHT_SERVER_TRANSPOSE_H
#define WEIGHT_SERVER_TRANSPOSE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
  // Rows of the source in a block, which are as many elements of a row of the destination.
  transpose_rows = 128,
  // Bytes of each: a pair of cache lines.
  transpose_bytes = 128,
  // Between rows of the arrays: a multiple of a register that is none of a line.
  transpose_gap = 16,
};

// A block out of the source, and turned round.
struct transpose_block {
  uint8_t held[transpose_rows * (transpose_bytes + transpose_gap)] __attribute__((aligned(64)));
  uint8_t turned[transpose_rows * transpose_bytes + transpose_bytes * transpose_gap] __attribute__((aligned(64)));
};

static inline void transpose_prefetch(const uint8_t *from, ptrdiff_t step, size_t rows, size_t bytes) {
  for (size_t row = 0; row < rows; row++, from += step) {
    __builtin_prefetch(from);
    __builtin_prefetch(from + bytes - 1);
  }
}

static inline void transpose_copy(uint8_t *to, size_t pitch, const uint8_t *from, ptrdiff_t step, size_t rows, size_t bytes) {
  // Lengths that the compiler knows become loads and stores instead of calls.
  if (bytes == transpose_bytes)
    for (size_t row = 0; row < rows; row++) memcpy(to + row * pitch, from + (ptrdiff_t)row * step, transpose_bytes);
  else
    for (size_t row = 0; row < rows; row++) memcpy(to + row * pitch, from + (ptrdiff_t)row * step, bytes);
}

// After as many rounds of weaving row i with row i + half as the side of a square has bits, rows are columns.
#define TRANSPOSE(name, type, lanes, rounds, low, high)                                                            \
  typedef type name##_lane __attribute__((vector_size(16)));                                                       \
                                                                                                                    \
  static inline void name##_square(uint8_t *to, size_t pitch, const uint8_t *from, size_t step) {                  \
    name##_lane a[lanes], b[lanes];                                                                                \
    _Pragma("unroll") for (int i = 0; i < (lanes); i++) memcpy(&a[i], from + i * step, 16);                        \
    _Pragma("unroll") for (int round = 0; round < (rounds); round++) {                                             \
      _Pragma("unroll") for (int i = 0; i < (lanes) / 2; i++) {                                                    \
        b[2 * i] = low(a[i], a[i + (lanes) / 2]);                                                                  \
        b[2 * i + 1] = high(a[i], a[i + (lanes) / 2]);                                                             \
      }                                                                                                             \
      _Pragma("unroll") for (int i = 0; i < (lanes); i++) a[i] = b[i];                                             \
    }                                                                                                               \
    _Pragma("unroll") for (int i = 0; i < (lanes); i++) memcpy(to + i * pitch, &a[i], 16);                         \
  }                                                                                                                 \
                                                                                                                    \
  /* Rows and columns up to whole squares: the arrays have room for them, and what is too much is not copied out. */ \
  static void name(struct transpose_block *block, size_t rows, size_t columns) {                                   \
    const size_t step = transpose_bytes + transpose_gap, pitch = transpose_rows * sizeof(type) + transpose_gap;    \
    for (size_t column = 0; column < columns; column += (lanes))                                                   \
      for (size_t row = 0; row < rows; row += (lanes))                                                             \
        name##_square(block->turned + column * pitch + row * sizeof(type), pitch,                                  \
                      block->held + row * step + column * sizeof(type), step);                                     \
  }

#define LOW_8(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_8(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LOW_16(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH_16(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LOW_32(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define HIGH_32(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LOW_64(a, b) __builtin_shufflevector(a, b, 0, 2)
#define HIGH_64(a, b) __builtin_shufflevector(a, b, 1, 3)

TRANSPOSE(transpose_8, uint8_t, 16, 4, LOW_8, HIGH_8)
TRANSPOSE(transpose_16, uint16_t, 8, 3, LOW_16, HIGH_16)
TRANSPOSE(transpose_32, uint32_t, 4, 2, LOW_32, HIGH_32)
TRANSPOSE(transpose_64, uint64_t, 2, 1, LOW_64, HIGH_64)

// Transposes elements of a size; 0 where there is no way for that size.
static int transpose(uint8_t *to, size_t pitch, const uint8_t *from, ptrdiff_t step, size_t size, size_t rows,
                     size_t columns) {
  struct transpose_block block;
  if (size != 1 && size != 2 && size != 4 && size != 8) return 0;
  const size_t wide = transpose_bytes / size, turned = transpose_rows * size + transpose_gap;
  for (size_t row = 0; row < rows; row += transpose_rows) {
    size_t tall = rows - row < transpose_rows ? rows - row : transpose_rows;
    const uint8_t *source = from + (ptrdiff_t)row * step;
    for (size_t column = 0; column < columns; column += wide) {
      size_t count = columns - column < wide ? columns - column : wide;
      transpose_copy(block.held, transpose_bytes + transpose_gap, source + column * size, step, tall, count * size);
      if (column + wide < columns)
        transpose_prefetch(source + (column + wide) * size, step, tall, transpose_bytes);
      else if (row + tall < rows)
        transpose_prefetch(source + (ptrdiff_t)tall * step, step, tall, count < columns ? transpose_bytes : count * size);
      switch (size) {
      case 1: transpose_8(&block, tall, count); break;
      case 2: transpose_16(&block, tall, count); break;
      case 4: transpose_32(&block, tall, count); break;
      default: transpose_64(&block, tall, count); break;
      }
      uint8_t *target = to + column * pitch + row * size;
      for (size_t i = 0; i < count; i++) memcpy(target + i * pitch, block.turned + i * turned, tall * size);
    }
  }
  return 1;
}

#endif
