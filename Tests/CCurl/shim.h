#ifndef WEIGHT_SERVER_CCURL_H
#define WEIGHT_SERVER_CCURL_H

/* What the end-to-end tests need of libcurl and of raw sockets.
 *
 * curl_easy_setopt is variadic, which Swift cannot call; so a whole exchange is one function here. Raw sockets are for requests
 * that no honest client would send. Everything is static inline: a system library target has no object files. */

#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Bytes that grow as they arrive. */
typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
} ccurl_buffer;

/* What came back: heads of every response of the exchange (100 and final), and the body. */
typedef struct {
  int code;        /* CURLcode */
  long status;     /* of the last response */
  long connects;   /* connections that had to be made for it */
  char error[CURL_ERROR_SIZE];
  ccurl_buffer heads, body;
} ccurl_answer;

static inline size_t ccurl_append(char *bytes, size_t size, size_t count, void *context) {
  ccurl_buffer *buffer = (ccurl_buffer *)context;
  size_t length = size * count;
  if (buffer->count + length > buffer->capacity) {
    size_t capacity = (buffer->count + length) * 2 + 4096;
    uint8_t *grown = (uint8_t *)realloc(buffer->bytes, capacity);
    if (!grown) return 0;
    buffer->bytes = grown;
    buffer->capacity = capacity;
  }
  memcpy(buffer->bytes + buffer->count, bytes, length);
  buffer->count += length;
  return length;
}

/* One exchange on a handle, whose connections are kept for the next one.
 *
 * method: GET, HEAD or any other; fields: lines of "Name: value" parted by '\n', or ""; socket: the path of a Unix socket, or "". */
static inline void ccurl_exchange(
  CURL *handle, const char *url, const char *method, const char *fields, const char *socket, const uint8_t *body,
  size_t body_count, long seconds, ccurl_answer *answer) {
  struct curl_slist *list = NULL;
  char *copy = strdup(fields), *rest = copy;
  for (char *line; copy && (line = strsep(&rest, "\n")) != NULL;) {
    if (*line) list = curl_slist_append(list, line);
  }
  curl_easy_reset(handle);
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, seconds);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, answer->error);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  if (*socket) curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, socket);
  if (list) curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
  if (strcmp(method, "HEAD") == 0) {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (body_count) {
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_count);
    curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, (const char *)body);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
  } else if (strcmp(method, "GET") != 0) {
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method);
  }
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, ccurl_append);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, (void *)&answer->heads);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, ccurl_append);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, (void *)&answer->body);
  answer->code = (int)curl_easy_perform(handle);
  if (answer->code != CURLE_OK && !answer->error[0]) {
    strncpy(answer->error, curl_easy_strerror((CURLcode)answer->code), CURL_ERROR_SIZE - 1);
  }
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answer->status);
  curl_easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &answer->connects);
  curl_slist_free_all(list);
  free(copy);
}

static inline void ccurl_free(ccurl_answer *answer) {
  free(answer->heads.bytes);
  free(answer->body.bytes);
}

/* Sends and receives give up after so long. */
static inline int ccurl_limit(int descriptor, int seconds) {
  struct timeval limit = {.tv_sec = seconds};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return descriptor;
}

/* A connected socket to a port of 127.0.0.1, or -1; receive_buffer: bytes of SO_RCVBUF, or 0 for the system's. */
static inline int ccurl_connect_port(uint16_t port, int seconds, int receive_buffer) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = ccurl_limit(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), seconds);
  if (receive_buffer) setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

/* A connected socket to a Unix socket, or -1. */
static inline int ccurl_connect_path(const char *path, int seconds) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -1;
  strcpy(address.sun_path, path);
  int descriptor = ccurl_limit(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), seconds);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
  close(descriptor);
  return -1;
}

/* Sends all bytes; 0, or the errno. */
static inline int ccurl_send(int descriptor, const uint8_t *bytes, size_t count) {
  while (count) {
    ssize_t sent = send(descriptor, bytes, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno;
    bytes += sent;
    count -= (size_t)sent;
  }
  return 0;
}

/* Receives up to capacity bytes: their number, 0 at the end of the stream, -1 on a failure or a time-out. */
static inline ssize_t ccurl_receive(int descriptor, uint8_t *bytes, size_t capacity) {
  for (;;) {
    ssize_t received = recv(descriptor, bytes, capacity, 0);
    if (received >= 0 || errno != EINTR) return received;
  }
}

/* Receives bytes that the kernel throws away (MSG_TRUNC, tcp(7)): their number, fewer only at the end of the stream; -1 on a failure or
 * a time-out. */
static inline ssize_t ccurl_skip(int descriptor, size_t count) {
  size_t skipped = 0;
  while (skipped < count) {
    ssize_t received = recv(descriptor, NULL, count - skipped, MSG_TRUNC);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0) return -1;
    if (received == 0) break;
    skipped += (size_t)received;
  }
  return (ssize_t)skipped;
}

/* Allows this process, and those that it starts, so many descriptors, or as many as it may; their number. */
static inline long ccurl_allow_descriptors(long count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return -1;
  rlim_t wanted = (rlim_t)count < limit.rlim_max ? (rlim_t)count : limit.rlim_max;
  if (limit.rlim_cur < wanted) limit.rlim_cur = wanted;
  return setrlimit(RLIMIT_NOFILE, &limit) ? -1 : (long)limit.rlim_cur;
}

static inline int ccurl_close(int descriptor) { return close(descriptor); }

static inline int ccurl_shutdown_writing(int descriptor) { return shutdown(descriptor, SHUT_WR); }

#endif
