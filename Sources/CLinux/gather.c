#define _GNU_SOURCE
#include "CLinux.h"
#include "transpose.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

// A read of a mapped page whose file was cut raises SIGBUS in the reading thread. While a thread copies, `guard` points to where it
// resumes; the handler jumps there. Only this file's plain C frames lie between the fault and that place.
static _Thread_local sigjmp_buf *volatile guard;
static struct sigaction previous;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void on_bus_error(int signal) {
  if (guard) siglongjmp(*guard, 1);
  // Not ours: the former handler gets the same fault again.
  sigaction(signal, &previous, NULL);
}

static void install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_bus_error;
  // The signal is left unblocked, since the handler does not return.
  action.sa_flags = SA_NODEFER | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

// A length that the compiler knows becomes loads and stores instead of a call.
#define TURNS_OF(n)                                                      \
  for (size_t turn = 0; turn < turns; turn++, to += (n), from += stride) \
    memcpy(to, from, (n))

static void copy_one(uint8_t *to, const struct linux_strip *strip, size_t turns) {
  const uint8_t *from = strip->base;
  const ptrdiff_t stride = strip->stride;
  switch (strip->length) {
  case 1: TURNS_OF(1); break;
  case 2: TURNS_OF(2); break;
  case 4: TURNS_OF(4); break;
  case 8: TURNS_OF(8); break;
  case 16: TURNS_OF(16); break;
  default: TURNS_OF(strip->length); break;
  }
}

static void copy_all(uint8_t *to, const struct linux_strip *strips, size_t count, size_t turns) {
  for (size_t turn = 0; turn < turns; turn++) {
    for (size_t index = 0; index < count; index++) {
      const struct linux_strip *strip = &strips[index];
      if (strip->base)
        memcpy(to, strip->base + (ptrdiff_t)turn * strip->stride, strip->length);
      else
        memset(to, 0, strip->length);
      to += strip->length;
    }
  }
}

// Turns that are made together where strips repeat: their pieces lie side by side in the source, and so share its cache lines.
enum { block_turns = 1024 };

static void copy_strip(uint8_t *to, size_t pitch, const struct linux_strip *strip, const uint8_t *from, size_t turns) {
  if (strip->repeats > 1 && strip->stride == (ptrdiff_t)strip->length &&
      transpose(to, pitch, from, strip->step, strip->length, strip->repeats, turns))
    return;
  for (size_t turn = 0; turn < turns; turn++, to += pitch, from += strip->stride) {
    struct linux_strip pieces = {from, strip->length, strip->step, 1, 0};
    copy_one(to, &pieces, strip->repeats);
  }
}

static void copy_repeated(uint8_t *to, const struct linux_strip *strips, size_t count, size_t turns) {
  size_t pitch = 0;
  for (size_t index = 0; index < count; index++) pitch += strips[index].length * strips[index].repeats;
  for (size_t first = 0; first < turns; first += block_turns) {
    size_t block = turns - first < block_turns ? turns - first : block_turns;
    uint8_t *at = to + first * pitch;
    for (size_t index = 0; index < count; index++) {
      const struct linux_strip *strip = &strips[index];
      if (strip->base)
        copy_strip(at, pitch, strip, strip->base + (ptrdiff_t)first * strip->stride, block);
      else
        for (size_t turn = 0; turn < block; turn++) memset(at + turn * pitch, 0, strip->length);
      at += strip->length * strip->repeats;
    }
  }
}

static int repeats(const struct linux_strip *strips, size_t count) {
  for (size_t index = 0; index < count; index++)
    if (strips[index].repeats > 1) return 1;
  return 0;
}

int linux_gather(uint8_t *destination, const struct linux_strip *strips, size_t count, size_t turns) {
  sigjmp_buf here;
  pthread_once(&once, install);
  if (sigsetjmp(here, 0)) {
    guard = NULL;
    return EFAULT;
  }
  guard = &here;
  if (repeats(strips, count))
    copy_repeated(destination, strips, count, turns);
  else if (count == 1 && strips[0].base)
    copy_one(destination, strips, turns);
  else
    copy_all(destination, strips, count, turns);
  guard = NULL;
  return 0;
}
