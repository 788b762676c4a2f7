// Descriptors that pass from one process to another, and files in memory that nobody can change any more.
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

ssize_t linux_send_descriptor(int socket, const void *bytes, size_t count, int descriptor, int flags) {
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct iovec part = {(void *)bytes, count};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return sendmsg(socket, &message, flags);
}

ssize_t linux_receive_descriptor(int socket, void *bytes, size_t count, int *descriptor) {
  // Room for several, so that none that was sent too many stays open unseen.
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(16 * sizeof(int))];
  } control;
  struct iovec part = {bytes, count};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  *descriptor = -1;
  const ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (received < 0) return received;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t total = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < total; index++) {
      int number;
      memcpy(&number, CMSG_DATA(header) + index * sizeof number, sizeof number);
      if (*descriptor == -1) *descriptor = number;
      else close(number);
    }
  }
  return received;
}

ssize_t linux_write_now(int descriptor, const void *bytes, size_t count) {
  struct stat status;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) return write(descriptor, bytes, count);
  const struct iovec part = {(void *)bytes, count};
  const ssize_t written = pwritev2(descriptor, &part, 1, -1, RWF_NOWAIT);
  if (written != -1 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) return written;
  // So much a pipe takes at once where poll(2) calls it writable (pipe(7), PIPE_BUF).
  return write(descriptor, bytes, count < 4096 ? count : 4096);
}

int linux_memory_file(const char *name) {
  const int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  // Kernels before 6.3 do not know the seal against execution.
  return file == -1 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : file;
}

int linux_seal(int descriptor) {
  return fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
}

int linux_is_sealed(int descriptor) {
  const int wanted = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = fcntl(descriptor, F_GET_SEALS);
  return seals != -1 && (seals & wanted) == wanted;
}

int linux_is_open_elsewhere(int descriptor) {
  // A write lease is granted to the only opener of a file (fcntl(2)).
  if (fcntl(descriptor, F_SETLEASE, F_WRLCK) == -1) return errno == EAGAIN;
  fcntl(descriptor, F_SETLEASE, F_UNLCK);
  return 0;
}
