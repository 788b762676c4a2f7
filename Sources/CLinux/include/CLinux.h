// Linux calls and constants that Glibc's module map hides from Swift, behind names of our own.
#ifndef WEIGHT_SERVER_CLINUX_H
#define WEIGHT_SERVER_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

/// open(2) with O_PATH | O_CLOEXEC: names a file without opening it, so that a device or a fifo is never touched.
int linux_open_path(const char *path);

/// open(2) O_RDONLY | O_CLOEXEC | O_NONBLOCK of what an O_PATH descriptor names, through /proc/self/fd.
int linux_reopen_for_reading(int path_descriptor);

/// sendfile(2): at most `count` bytes of `in` from `offset` to `out`; the descriptor's own position is untouched.
ssize_t linux_sendfile(int out, int in, int64_t offset, size_t count);

/// accept4(2) with SOCK_NONBLOCK | SOCK_CLOEXEC.
int linux_accept(int listener, struct sockaddr *address, socklen_t *length);

/// getsockopt(2) SO_PEERCRED of a connected Unix socket: the effective user of who connected. Returns -1 with errno where it fails.
int linux_peer_user(int socket, uint32_t *user);

/// ioctl(2) SIOCOUTQ: bytes that were handed to the kernel and that the other end has not taken; of a Unix socket about so many. Returns
/// -1 with errno where it fails.
int linux_untaken(int socket);

/// eventfd(2) with EFD_CLOEXEC | EFD_NONBLOCK, its counter at zero.
int linux_event(void);

/// epoll_create1(2) with EPOLL_CLOEXEC.
int linux_poll_set(void);

/// Adds a descriptor to a set of epoll(7): readable, writable and ended are told once each time they come about (EPOLLET).
int linux_poll_add(int set, int descriptor, uint64_t token);

/// Takes a descriptor out of a set.
int linux_poll_remove(int set, int descriptor);

/// What a descriptor of a set has become.
struct linux_poll_event {
  uint64_t token;
  uint8_t readable;
  uint8_t writable;
  uint8_t ended;
};

/// epoll_wait(2) that does not wait. Answers how many events it has written, at most `capacity` and at most 256; -1 in an error.
int linux_poll_take(int set, struct linux_poll_event *events, int capacity);

/// inotify_init1(2) with IN_NONBLOCK | IN_CLOEXEC.
int linux_notify(void);

/// inotify_add_watch(2) for names that come, go, move or were written in a folder. Returns a number that is of no use, or -1.
int linux_notify_add(int notifier, const char *folder);

/// Throws away what the notifier has to tell. Returns whether there was anything.
int linux_notify_drain(int notifier);

/// fallocate(2), mode 0, of the first `count` bytes; unlike posix_fallocate(3) it never writes zeros where the file system cannot.
int linux_allocate(int descriptor, int64_t count);

/// madvise(2) with MADV_POPULATE_READ: reads pages of a mapping and makes them present, so that using them does not fault. Answers an
/// errno value, 0 when it was done; EINVAL where the kernel (before 5.14) does not know how.
int linux_populate(const void *address, size_t count);

/// Whether fstatfs(2) says that the file lies in memory (tmpfs, ramfs).
int linux_is_memory_file(int descriptor);

/// Whether fstatfs(2) says that the file lies on another machine, or behind a program: NFS, SMB, Ceph, Lustre, FUSE and the like.
int linux_is_remote_file(int descriptor);

/// Whether the byte at an offset can be read without waiting for a disk (preadv2(2) with RWF_NOWAIT); -1 where that cannot be told.
int linux_is_in_memory(int descriptor, int64_t offset);

/// posix_fadvise(2) with POSIX_FADV_WILLNEED. Returns an errno value, not -1.
int linux_will_need(int descriptor, int64_t offset, int64_t count);

/// Pieces of `length` bytes that are collected at each turn of a loop: `repeats` of them, `step` bytes apart; one turn's begin `stride`
/// bytes behind the turn's before. A null `base` stands for zeros, of which there is one piece.
struct linux_strip {
  const uint8_t *base;
  size_t length;
  ptrdiff_t stride;
  size_t repeats;
  ptrdiff_t step;
};

/// Copies `turns` turns of `count` strips one after the other to `destination`. The strips may lie in mapped files: a page that
/// cannot be read because its file was cut is answered by EFAULT instead of the signal SIGBUS, and then part of `destination` is
/// undefined. Returns an errno value, 0 when all was copied.
int linux_gather(uint8_t *destination, const struct linux_strip *strips, size_t count, size_t turns);

/// futimens(2): sets the access time to now and leaves the modification time as it is.
int linux_note_use(int descriptor);

/// setpriority(2) of the calling thread alone, to a niceness. No error: then it is as it was.
void linux_be_nice(int niceness);

/// The niceness of the calling thread.
int linux_niceness(void);

/// signal(2) of SIGPIPE with SIG_IGN, for the whole process.
void linux_ignore_broken_pipes(void);

/// sendmsg(2) of bytes with a descriptor beside the first of them (unix(7), SCM_RIGHTS).
ssize_t linux_send_descriptor(int socket, const void *bytes, size_t count, int descriptor, int flags);

/// recvmsg(2) of bytes and of the descriptor that came beside them, closed on exec; -1 in `descriptor` where none did. Of several
/// all but the first are closed.
ssize_t linux_receive_descriptor(int socket, void *bytes, size_t count, int *descriptor);

/// write(2) of what a pipe, terminal or socket takes without waiting, to a descriptor that may block; a regular file takes all.
ssize_t linux_write_now(int descriptor, const void *bytes, size_t count);

/// memfd_create(2): an empty file in memory that has no name in any folder, cannot be executed, and can be sealed.
int linux_memory_file(const char *name);

/// Seals a file in memory for good: it can be neither written, nor cut, nor extended, by anyone, and the seals stay (fcntl(2)).
int linux_seal(int descriptor);

/// Whether a file in memory is sealed against writing, cutting and extending.
int linux_is_sealed(int descriptor);

/// Whether the file of a read-only descriptor is open, or mapped, by another open than the descriptor's own.
int linux_is_open_elsewhere(int descriptor);

#endif
