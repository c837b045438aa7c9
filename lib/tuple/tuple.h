#ifndef TUPLE_TUPLE_H
#define TUPLE_TUPLE_H

#include "base/buffer.h"
#include "base/error.h"
#include "transport/address.h"

#include <relevo/tuple.h>

/* One value. */
struct element {
	enum relevo_tuple_type kind;
	char *name;     /* NULL: it has none */
	int64_t number; /* of a bool or int; of a pipe, its directions */
	double real;
	char *data; /* of text, bytes and handles, with a 0 behind it; NULL: no bytes */
	size_t size;
	struct relevo_tuple *inner;
	int descriptor; /* of a pipe or descriptor; -1: it has been taken */
	bool owned;     /* the descriptor is the tuple's */
};

struct relevo_tuple {
	struct relevo_tuple *outer; /* whose value it is; NULL: nobody's */
	struct element *elements;
	size_t count, capacity;
};

/* What messages call a kind; "something" for numbers that are none. */
const char *tuple_kind_name(enum relevo_tuple_type kind);

/* Whether a descriptor goes with values of this kind. */
bool tuple_has_descriptor(enum relevo_tuple_type kind);

/* A value at the end to be filled in, with its name. It counts only when
 * tuple_commit() has been called; else tuple_undo() has to be. Errors as
 * relevo_tuple_add_none(). */
int tuple_begin(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		struct element **element, struct error *error);
void tuple_commit(relevo_tuple *tuple);
void tuple_undo(struct element *element);

/* Give it a copy of these bytes. NO_MEMORY. */
int tuple_fill(struct element *element, const void *data, size_t size, struct error *error);

/* Add a value that is bytes. */
int tuple_add_data(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		   struct relevo_bytes data);

/* The value at `index`, if it is of that kind; else BAD_ARGUMENT. */
int tuple_element(const relevo_tuple *tuple, size_t index, enum relevo_tuple_type kind,
		  struct element **element, struct error *error);

/* The URL of the broker of the first handle in it. False: it has none. */
bool tuple_first_url(const relevo_tuple *tuple, char url[ADDRESS_MAX]);

/* The descriptor out of a value, as relevo_tuple_take_descriptor(). */
int tuple_take(struct element *element, int *descriptor, struct error *error);

/*
 * Append the tuple to `out`. What goes beside the bytes is written to `fds`, in the order
 * of the values, *fd_count of them: they stay whose they are. Errors: CANNOT_ENCODE (a
 * descriptor does not fit into `fd_room`, or has been taken; nested too deeply), NO_MEMORY.
 */
int tuple_encode(const relevo_tuple *tuple, struct buffer *out, int *fds, size_t fd_room,
		 size_t *fd_count, struct error *error);

/* The tuple in these bytes; the descriptors are its own if this succeeds. Errors:
 * BAD_FRAME (it is no tuple, or is about more or fewer descriptors), NO_MEMORY. */
int tuple_decode(const void *data, size_t size, const int *fds, size_t fd_count,
		 relevo_tuple **tuple, struct error *error);

#endif
