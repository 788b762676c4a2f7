#ifndef WEIGHT_SERVER_CCURL_H
#define WEIGHT_SERVER_CCURL_H

#include <curl/curl.h>

#endif
