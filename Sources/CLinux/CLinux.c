#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

int linux_open_path(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

int linux_reopen_for_reading(int path_descriptor) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", path_descriptor);
  return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

ssize_t linux_sendfile(int out, int in, int64_t offset, size_t count) {
  off_t position = offset;
  return sendfile(out, in, &position, count);
}

int linux_accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int linux_peer_user(int socket, uint32_t *user) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
  *user = credentials.uid;
  return 0;
}

int linux_untaken(int socket) {
  int count = 0;
  return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : -1;
}

int linux_notify(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }

int linux_notify_add(int notifier, const char *folder) {
  const uint32_t events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
  return inotify_add_watch(notifier, folder, events | IN_ONLYDIR);
}

int linux_notify_drain(int notifier) {
  char buffer[16384];
  int found = 0;
  while (read(notifier, buffer, sizeof buffer) > 0) found = 1;
  return found;
}

int linux_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int linux_poll_set(void) { return epoll_create1(EPOLL_CLOEXEC); }

int linux_poll_add(int set, int descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = token};
  return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

int linux_poll_remove(int set, int descriptor) { return epoll_ctl(set, EPOLL_CTL_DEL, descriptor, NULL); }

int linux_poll_take(int set, struct linux_poll_event *events, int capacity) {
  struct epoll_event taken[256];
  const int count = epoll_wait(set, taken, capacity < 256 ? capacity : 256, 0);
  for (int index = 0; index < count; index++) {
    const uint32_t bits = taken[index].events;
    events[index].token = taken[index].data.u64;
    // Both directions of a connection that failed are looked at: the call that meets the error says what it is.
    events[index].readable = (bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    events[index].writable = (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    events[index].ended = (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  }
  return count;
}

int linux_allocate(int descriptor, int64_t count) { return fallocate(descriptor, 0, 0, count); }

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

int linux_populate(const void *address, size_t count) {
  return madvise((void *)address, count, MADV_POPULATE_READ) == 0 ? 0 : errno;
}

int linux_is_memory_file(int descriptor) {
  struct statfs status;
  if (fstatfs(descriptor, &status) != 0) return 0;
  return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

// The numbers are those of linux/magic.h and of the file systems' own sources; not every header has all of them.
int linux_is_remote_file(int descriptor) {
  struct statfs status;
  if (fstatfs(descriptor, &status) != 0) return 0;
  switch ((uint32_t)status.f_type) {
  case 0x6969:      // NFS
  case 0x517b:      // SMB
  case 0xff534d42:  // CIFS
  case 0xfe534d42:  // SMB 2 and later
  case 0x65735546:  // FUSE: sshfs, s3fs, JuiceFS, GlusterFS, virtiofs
  case 0x00c36400:  // Ceph
  case 0x0bd00bd0:  // Lustre
  case 0x47504653:  // GPFS
  case 0x19830326:  // BeeGFS
  case 0x01021997:  // 9P
  case 0x5346414f:  // AFS
  case 0x01161970:  // GFS2
  case 0x7461636f:  // OCFS2
  case 0xaad7aaea:  // PanFS
    return 1;
  default: return 0;
  }
}

int linux_is_in_memory(int descriptor, int64_t offset) {
  char byte;
  struct iovec place = {&byte, 1};
  if (preadv2(descriptor, &place, 1, offset, RWF_NOWAIT) >= 0) return 1;
  return errno == EAGAIN ? 0 : -1;
}

int linux_will_need(int descriptor, int64_t offset, int64_t count) {
  return posix_fadvise(descriptor, offset, count, POSIX_FADV_WILLNEED);
}

int linux_note_use(int descriptor) {
  const struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  return futimens(descriptor, times);
}

// Linux takes a thread for a process here: 0 is the calling one.
void linux_be_nice(int niceness) { setpriority(PRIO_PROCESS, 0, niceness); }

int linux_niceness(void) { return getpriority(PRIO_PROCESS, 0); }

void linux_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
