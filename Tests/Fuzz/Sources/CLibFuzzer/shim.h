#pragma once

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop (compiler-rt `lib/fuzzer/FuzzerDriver.cpp`): mutates inputs and gives each to `callback` until its options say stop.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*callback)(const uint8_t *bytes, size_t length));
