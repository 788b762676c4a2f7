#ifndef WEIGHT_SERVER_COPENSSL_H
#define WEIGHT_SERVER_COPENSSL_H

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Macros that Swift does not see, as functions.

/// What a BIO answers where its call would have to wait (BIO_set_retry_read, BIO_set_retry_write, BIO_clear_retry_flags).
static inline void openssl_wait_to_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void openssl_wait_to_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void openssl_do_not_wait(BIO *bio) { BIO_clear_retry_flags(bio); }

/// SSL_OP_* of every context: nothing that TLS 1.3 has not.
static inline void openssl_set_common_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

/// SSL_OP_* of a server's context. The end of a stream without close_notify is the end of requests, each of which says itself how
/// long it is.
static inline void openssl_set_server_options(SSL_CTX *context) {
  // Memory of records is held only while there are some: most connections are idle.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(
      context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

static inline void openssl_enable_kernel_tls(SSL_CTX *context) {
#ifdef SSL_OP_ENABLE_KTLS
  SSL_CTX_set_options(context, SSL_OP_ENABLE_KTLS);
#else
  (void)context;
#endif
}

/// Whether the kernel encrypts what the session sends.
static inline int openssl_kernel_sends(SSL *session) {
#ifndef OPENSSL_NO_KTLS
  return BIO_get_ktls_send(SSL_get_wbio(session)) == 1;
#else
  (void)session;
  return 0;
#endif
}

/// Adds a certificate to those that are sent behind the own one; the context takes a reference.
static inline int openssl_add_chain(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

/// What answers that there is no passphrase: OpenSSL itself would ask at the terminal.
static inline int openssl_no_passphrase(char *buffer, int size, int writes, void *data) {
  (void)buffer, (void)size, (void)writes, (void)data;
  return -1;
}

/// How a subject is written (RFC 2253).
static inline unsigned long openssl_name_format(void) { return XN_FLAG_RFC2253; }

static inline int openssl_set_minimum_version(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version);
}

static inline int openssl_set_server_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}

#endif
