// The fastest plain client that can be written: one thread a request, recv(2) into memory. It is the peer of the client's rows, and
// what every other row about serving receives with.
//
// Reads commands from standard input, and answers each with a line:
//
//     MODE LEAST PORT PATH...    ->    SECONDS BYTES SECONDS_TO_THE_FIRST_BYTE
//
// PORT is followed by `tls` where TLS 1.3 with AES-128-GCM is to be spoken, and nothing verified.
//
// A thread for each path asks for it until all have received LEAST bytes together, at least once each. MODE says where bodies go:
//   window   1 MiB of each thread's own, over and over
//   touched  memory of the whole body, which was touched by the command before
//   fresh    new pages for each body, given back behind it
// or, with a MODE of `heads`, each thread asks by HEAD on one connection, one request after the other, for LEAST milliseconds; BYTES is
// then the number of answers.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { window_size = 1 << 20, head_limit = 1 << 16, most_threads = 4096 };

enum mode { window, touched, fresh, heads };

struct stream {
  int descriptor;
  SSL *tls;
};

struct space {
  char *memory;
  size_t capacity;
};

struct worker {
  pthread_t thread;
  char path[1024];
  struct space kept;
  struct space passing; // of one body, where each has fresh memory
  double first;
};

static struct worker workers[most_threads];
static _Atomic size_t total;
static size_t least;
static enum mode mode;
static int port;
static SSL_CTX *context;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  fprintf(stderr, "receive: %s: %s\n", what, strerror(errno));
  exit(1);
}

static char *take(size_t size) {
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  if (mode == touched) madvise(memory, size, MADV_HUGEPAGE);
  return memory;
}

static void give_back(struct space *space) {
  if (space->memory) munmap(space->memory, space->capacity);
  *space = (struct space){0};
}

static void make_room(struct space *space, size_t size) {
  if (space->capacity >= size) return;
  give_back(space);
  space->memory = take(size);
  space->capacity = size;
}

static struct stream connect_to_server(void) {
  struct stream stream = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), NULL};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (stream.descriptor < 0 || connect(stream.descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
  if (context) {
    stream.tls = SSL_new(context);
    if (!stream.tls || SSL_set_fd(stream.tls, stream.descriptor) != 1 || SSL_connect(stream.tls) != 1) fail("TLS");
  }
  return stream;
}

static size_t receive_some(struct stream stream, char *to, size_t size) {
  ssize_t count = stream.tls ? SSL_read(stream.tls, to, size > INT_MAX ? INT_MAX : size) : recv(stream.descriptor, to, size, 0);
  if (count < 0) fail("recv");
  return count;
}

static void ask(struct stream stream, const char *path) {
  char request[2048];
  int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
  if ((stream.tls ? SSL_write(stream.tls, request, size) : send(stream.descriptor, request, size, 0)) != size) fail("send");
}

// Reads a head and what came of the body behind it, which is moved to where the body goes. Gives the body's length.
static size_t receive_head(struct stream stream, struct space *space, size_t *done) {
  char head[head_limit + 1];
  size_t filled = 0;
  char *end = NULL;
  while (!end) {
    size_t count = receive_some(stream, head + filled, head_limit - filled);
    if (count == 0) fail("the answer has no whole head");
    filled += count;
    head[filled] = 0;
    end = strstr(head, "\r\n\r\n");
  }
  char *field = strcasestr(head, "\r\ncontent-length:");
  if (strncmp(head, "HTTP/1.1 200", 12) || !field) {
    fprintf(stderr, "receive: %.*s\n", 200, head);
    exit(1);
  }
  size_t length = strtoull(field + 17, NULL, 10);
  make_room(space, mode == window ? window_size : length);
  *done = filled - (end + 4 - head);
  memcpy(space->memory, end + 4, *done);
  return length;
}

static void receive_answer(struct worker *worker, double start) {
  struct stream stream = connect_to_server();
  ask(stream, worker->path);
  struct space *space = mode == fresh ? &worker->passing : &worker->kept;
  size_t done = 0, length = receive_head(stream, space, &done);
  if (worker->first == 0) worker->first = now() - start;
  while (done < length) {
    size_t left = length - done;
    size_t count = receive_some(stream, space->memory + (mode == window ? 0 : done),
                                mode == window && left > window_size ? window_size : left);
    if (count == 0) fail("the answer ended early");
    done += count;
  }
  SSL_free(stream.tls);
  close(stream.descriptor);
  if (mode == fresh) give_back(space);
  total += length;
}

static void ask_for_heads(struct worker *worker, double end) {
  struct stream stream = connect_to_server();
  char request[2048], head[head_limit + 1];
  int size = snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n", worker->path);
  size_t answers = 0;
  for (; now() < end; answers++) {
    if (send(stream.descriptor, request, size, 0) != size) fail("send");
    for (size_t filled = 0; filled < 4 || memcmp(head + filled - 4, "\r\n\r\n", 4);) {
      size_t count = receive_some(stream, head + filled, head_limit - filled);
      if (count == 0) fail("the answer has no whole head");
      filled += count;
    }
    if (strncmp(head, "HTTP/1.1 200", 12)) fail("the answer is not 200");
  }
  total += answers;
  close(stream.descriptor);
}

static void *work(void *argument) {
  double start = now();
  if (mode == heads) {
    ask_for_heads(argument, start + least * 1e-3);
    return NULL;
  }
  do receive_answer(argument, start);
  while (total < least);
  return NULL;
}

static int parse(char *line) {
  char *word = strtok(line, " \n");
  if (!word) return 0;
  mode = !strcmp(word, "window") ? window : !strcmp(word, "touched") ? touched : !strcmp(word, "heads") ? heads : fresh;
  least = strtoull(strtok(NULL, " \n"), NULL, 10);
  char *rest;
  port = strtol(strtok(NULL, " \n"), &rest, 10);
  SSL_CTX_free(context);
  context = NULL;
  if (!strcmp(rest, "tls")) {
    context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1) fail("TLS");
  }
  int count = 0;
  while ((word = strtok(NULL, " \n")) && count < most_threads) {
    workers[count].first = 0;
    snprintf(workers[count++].path, sizeof workers->path, "%s", word);
  }
  return count;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) {
    int count = parse(line);
    total = 0;
    double start = now(), first = 0;
    for (int index = 0; index < count; index++)
      if (pthread_create(&workers[index].thread, NULL, work, &workers[index])) fail("pthread_create");
    for (int index = 0; index < count; index++) {
      pthread_join(workers[index].thread, NULL);
      if (first == 0 || workers[index].first < first) first = workers[index].first;
    }
    printf("%.6f %zu %.6f\n", now() - start, (size_t)total, first);
    fflush(stdout);
  }
}
