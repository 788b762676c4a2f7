#ifndef WEIGHT_SERVER_COPENSSL_H
#define WEIGHT_SERVER_COPENSSL_H

#include <openssl/crypto.h>
#include <openssl/evp.h>

#endif
