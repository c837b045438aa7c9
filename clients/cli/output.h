#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <jansson.h>
#include <relevo/relevo.h>
#include <stdbool.h>

/* ---- JSON -------------------------------------------------------------- */

/* Print a value on a line of its own, and release it. NULL: memory ran out when
 * it was made. Returns an exit status. */
int output_json(json_t *value);

/* Add bytes to an object: as the text `name` where they are UTF-8, else as `name`_base64. False
 * when memory ran out. */
bool output_set_bytes(json_t *object, const char *name, const struct relevo_bytes *bytes);

/* ---- items ------------------------------------------------------------- */

/* How items are written. */
struct output_format {
	bool json;      /* one object a line */
	bool separated; /* else one right behind the other */
	char separator;
};

/*
 * Write items to standard output, past its buffer: what this returns is how many
 * have left the process as a whole. Fewer than `count`: errno says why.
 */
size_t output_items(const struct output_format *format, const relevo_item *items, size_t count);

/* The same, but only as long as somebody takes them: the rest, of which nothing has been written,
 * is left when standard output would have to be waited for. *full tells that. */
size_t output_items_taken(const struct output_format *format, const relevo_item *items,
			  size_t count, bool *full);

/* ---- the end ----------------------------------------------------------- */

/* Nothing can be written to standard output; errno says why. Told once, and again the same exit
 * status. */
int output_failure(void);

/* Write what is left in the buffer. Tells a full disk, as an exit status. */
int output_close(void);

#endif
