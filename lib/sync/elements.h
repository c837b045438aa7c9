#ifndef SYNC_ELEMENTS_H
#define SYNC_ELEMENTS_H

#include "sync/cell.h"

/* What values and arrays can do with elements of their cell. Errors as there. */

/* The public options, which values and arrays have in common. */
int elements_attach(struct cell *cell, relevo_session *session, const char *name,
		    const struct cell_spec *spec);

/* BAD_ARGUMENT unless `count` elements from `first` on are there, and take `size`
 * bytes. */
int elements_read(struct cell *cell, size_t first, size_t count, void *result, size_t size);
int elements_write(struct cell *cell, size_t first, size_t count, const void *operand, size_t size);

int elements_add(struct cell *cell, size_t index, const void *operand, void *result, size_t size);
int elements_compare_exchange(struct cell *cell, size_t index, void *expected, const void *desired,
			      size_t size);

/* One comparison of an element. */
struct element_condition {
	size_t index;
	enum relevo_comparison comparison;
	const void *operand;
	size_t size;
};

int elements_wait_until(struct cell *cell, const struct element_condition *condition,
			int64_t timeout);
int elements_wait_change(struct cell *cell, uint64_t *version, int64_t timeout);

#endif
