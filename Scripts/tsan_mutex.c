// Loaded before the Swift runtime (LD_PRELOAD) where the thread sanitizer watches: tells it of what it cannot see of `Synchronization.Mutex`.
//
// The lock's fast path is compiled into our code and seen. Where threads contend, `_lockSlow` and `_unlockSlow` hand the lock over by
// futex(2), inside the Swift runtime, which was compiled without the sanitizer: it then takes what the lock guards for unguarded. A lock
// taken so acquires what was released, a lock given up so releases. (swift: stdlib/public/Synchronization/Mutex/LinuxImpl.swift)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

typedef SWIFT void lock_call(uint32_t thread, SELF void *self);
typedef SWIFT void unlock_call(SELF void *self);

SWIFT void lock_slow(uint32_t thread, SELF void *self) __asm__(LOCK);
SWIFT void unlock_slow(SELF void *self) __asm__(UNLOCK);

SWIFT void lock_slow(uint32_t thread, SELF void *self) {
  static lock_call *volatile real;
  if (!real) real = (lock_call *)dlsym(RTLD_NEXT, LOCK);
  real(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF void *self) {
  static unlock_call *volatile real;
  if (!real) real = (unlock_call *)dlsym(RTLD_NEXT, UNLOCK);
  if (__tsan_release) __tsan_release(self);
  real(self);
}
