#pragma once
#include <zlib.h>

/* inflateInit2 is a macro, which Swift does not see. 16 beside the window's bits: a gzip header and trailer, and no other. */
static inline int czlib_begin_gzip(z_stream *stream) { return inflateInit2(stream, 16 + MAX_WBITS); }
