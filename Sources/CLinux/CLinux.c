#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/vfs.h>

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

int linux_is_memory_file(int descriptor) {
  struct statfs status;
  if (fstatfs(descriptor, &status) != 0) return 0;
  return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

int linux_will_need(int descriptor, int64_t offset, int64_t count) {
  return posix_fadvise(descriptor, offset, count, POSIX_FADV_WILLNEED);
}

int linux_sequential(int descriptor) { return posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL); }

int linux_note_use(int descriptor) {
  const struct timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  return futimens(descriptor, times);
}

void linux_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }
