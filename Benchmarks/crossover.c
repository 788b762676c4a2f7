// What it costs a server to send bytes of a file that lie in pieces, for each length of a piece and each distance between two: the figures
// that GatherPieces.threshold and CachePolicy are taken from.
//
//   cc -O2 -march=native -o /tmp/crossover Benchmarks/crossover.c && /tmp/crossover FILE
//
// FILE has 256 MiB or more and lies in the page cache. One connection over loopback; the client receives into memory it has touched. The
// figures are GB/s and, which other load on the machine changes less, seconds of the sender's processor for each GB.
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

enum { window = 512 << 10, vectors = 1024, rounds = 3 };

static int file;
static char *map;
static size_t size;
static char *buffer;

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static double wall(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static double processor(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static int connect_client(pid_t *client) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  check(bind(listener, (void *)&address, sizeof address) == 0 && listen(listener, 1) == 0, "listen");
  getsockname(listener, (void *)&address, &length);
  *client = fork();
  if (*client == 0) {
    int own = socket(AF_INET, SOCK_STREAM, 0);
    check(connect(own, (void *)&address, sizeof address) == 0, "connect");
    char *bytes = malloc(1 << 20);
    memset(bytes, 1, 1 << 20);
    while (recv(own, bytes, 1 << 20, 0) > 0) {}
    _exit(0);
  }
  int server = accept(listener, NULL, NULL);
  check(server >= 0, "accept");
  close(listener);
  int one = 1;
  setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return server;
}

static void send_all(int socket, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
    check(sent > 0, "send");
    bytes += sent;
    count -= sent;
  }
}

static void send_file(int socket, size_t count) {
  off_t offset = 0;
  while (count > 0) {
    ssize_t sent = sendfile(socket, file, &offset, count < 2 << 20 ? count : 2 << 20);
    check(sent > 0, "sendfile");
    count -= sent;
  }
}

#define COPIES_OF(n) \
  case n: \
    for (size_t index = 0; index < turns; index++) memcpy(buffer + index * n, from + index * stride, n); \
    break

static void send_copies(int socket, size_t piece, size_t stride, size_t count) {
  for (size_t first = 0; first < count;) {
    size_t turns = window / piece < count - first ? window / piece : count - first;
    const char *from = map + first * stride;
    switch (piece) {
      COPIES_OF(4);
      COPIES_OF(16);
      COPIES_OF(64);
      COPIES_OF(128);
      COPIES_OF(256);
    default:
      for (size_t index = 0; index < turns; index++) memcpy(buffer + index * piece, from + index * stride, piece);
    }
    send_all(socket, buffer, turns * piece);
    first += turns;
  }
}

static void send_places(int socket, size_t piece, size_t stride, size_t count) {
  static struct iovec places[vectors];
  for (size_t first = 0; first < count;) {
    size_t turns = window / piece < count - first ? window / piece : count - first;
    if (turns > vectors) turns = vectors;
    for (size_t index = 0; index < turns; index++)
      places[index] = (struct iovec){map + (first + index) * stride, piece};
    for (size_t done = 0; done < turns;) {
      ssize_t sent = writev(socket, places + done, turns - done);
      check(sent > 0, "writev");
      while (done < turns && (size_t)sent >= places[done].iov_len) sent -= places[done++].iov_len;
      if (sent > 0) {
        places[done].iov_base = (char *)places[done].iov_base + sent;
        places[done].iov_len -= sent;
      }
    }
    first += turns;
  }
}

static void measure(const char *how, size_t piece, size_t apart) {
  size_t stride = piece * apart;
  size_t count = size / stride;
  double speed = 0, cost = 1e9;
  for (int round = 0; round < rounds; round++) {
    pid_t client;
    int socket = connect_client(&client);
    size_t total = 0;
    double began = wall(), before = processor();
    while (total < (size_t)512 << 20) {
      if (how[0] == 's') send_file(socket, count * piece);
      if (how[0] == 'c') send_copies(socket, piece, stride, count);
      if (how[0] == 'p') send_places(socket, piece, stride, count);
      total += count * piece;
    }
    double used = (processor() - before) / (total / 1e9), rate = total / 1e9 / (wall() - began);
    close(socket);
    waitpid(client, NULL, 0);
    if (used < cost) cost = used;
    if (rate > speed) speed = rate;
  }
  printf("| %s | %zu | %zu | %.2f | %.3f |\n", how, piece, apart, speed, cost);
  fflush(stdout);
}

int main(int count, char **arguments) {
  check(count == 2, "usage: crossover FILE");
  file = open(arguments[1], O_RDONLY);
  struct stat status;
  check(file >= 0 && fstat(file, &status) == 0, arguments[1]);
  size = status.st_size < 256 << 20 ? status.st_size : 256 << 20;
  map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
  check(map != MAP_FAILED, "mmap");
  check(madvise(map, size, MADV_POPULATE_READ) == 0, "madvise");
  buffer = aligned_alloc(4096, window);
  memset(buffer, 1, window);
  printf("| how | bytes of a piece | lengths apart | GB/s | s/GB of the sender |\n| --- | --- | --- | --- | --- |\n");
  measure("sendfile of a ready file", 4096, 1);
  const size_t long_pieces[] = {1024, 2048, 4096, 16384};
  for (int index = 0; index < 4; index++) {
    measure("places", long_pieces[index], 4);
    measure("copies", long_pieces[index], 4);
  }
  const size_t short_pieces[] = {4, 16, 64, 128, 256, 512};
  for (int index = 0; index < 6; index++) measure("copies", short_pieces[index], 4);
  for (int index = 0; index < 6; index++) measure("copies", short_pieces[index], 64);
}
