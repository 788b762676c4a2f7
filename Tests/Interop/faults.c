// Loaded before the C library (LD_PRELOAD): makes calls of the daemon under test fail, or the clock jump, as the file that FAULTS names says:
// an int32 (nonzero: reads of files below FAULTS_FOLDER fail with that errno), and an int64 (seconds to add to the wall clock).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/sendfile.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct faults {
  int32_t error;
  int32_t unused;
  int64_t seconds;
};

static struct faults none;
static volatile struct faults *faults = &none;
static const char *folder = "/nowhere";

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("FAULTS");
  int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  void *map = file < 0 ? MAP_FAILED : mmap(NULL, sizeof *faults, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED) faults = map;
  if (file >= 0) close(file);
  if (getenv("FAULTS_FOLDER")) folder = getenv("FAULTS_FOLDER");
}

// Whether a read of a descriptor is to fail.
static int fails(int descriptor) {
  if (!faults->error) return 0;
  char name[64], path[4096];
  snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
  ssize_t count = readlink(name, path, sizeof path - 1);
  if (count <= 0) return 0;
  path[count] = 0;
  if (strncmp(path, folder, strlen(folder))) return 0;
  errno = faults->error;
  return 1;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  REAL(pread);
  return fails(file) ? -1 : real(file, bytes, count, offset);
}

ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
  REAL(pread64);
  return fails(file) ? -1 : real(file, bytes, count, offset);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
  REAL(sendfile);
  return fails(in) ? -1 : real(out, in, offset, count);
}

ssize_t sendfile64(int out, int in, off64_t *offset, size_t count) {
  REAL(sendfile64);
  return fails(in) ? -1 : real(out, in, offset, count);
}

ssize_t preadv2(int file, const struct iovec *parts, int count, off_t offset, int flags) {
  REAL(preadv2);
  return fails(file) ? -1 : real(file, parts, count, offset, flags);
}

ssize_t preadv64v2(int file, const struct iovec *parts, int count, off64_t offset, int flags) {
  REAL(preadv64v2);
  return fails(file) ? -1 : real(file, parts, count, offset, flags);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
  REAL(mmap64);
  return file >= 0 && fails(file) ? MAP_FAILED : real(address, length, protection, flags, file, offset);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  REAL(mmap);
  return file >= 0 && fails(file) ? MAP_FAILED : real(address, length, protection, flags, file, offset);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += faults->seconds;
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(gettimeofday);
  int result = real(now, zone);
  if (result == 0) now->tv_sec += faults->seconds;
  return result;
}

time_t time(time_t *now) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  if (now) *now = time.tv_sec;
  return time.tv_sec;
}
