#ifndef CLI_BASE64_H
#define CLI_BASE64_H

#include <stddef.h>

/* These bytes in base64 (RFC 4648), as a string; free() it. NULL: no memory. */
char *base64_encode(const void *data, size_t size);

#endif
