#ifndef SESSION_KEY_SOURCE_H
#define SESSION_KEY_SOURCE_H

#include "wire/key.h"

#include <relevo/types.h>

/* Where options say that the key for tcp:// is: in a file, or in bytes; or nothing. */
struct key_source {
	const char *file;
	struct relevo_bytes bytes;
};

/* Before anything is done: BAD_ARGUMENT, if there are both, or bytes that can be no key. */
int key_source_check(const struct key_source *source, struct error *error);

/* The key from there, or without both from the file that RELEVO_KEY_FILE names; none, or the file
 * "": NULL. Local connections need no key: the kernel tells each end who the other is. Until the
 * deadline, and with errors, as key_load(). */
int key_source_load(const struct key_source *source, nsec_t deadline, struct key **key,
		    struct error *error);

#endif
