/*
 * Arrays: values of many elements of one type, at the broker.
 */
#ifndef RELEVO_ARRAY_H
#define RELEVO_ARRAY_H

#include <relevo/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_array relevo_array;

struct relevo_array_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	enum relevo_type type; /* not looked at with RELEVO_OPEN_EXISTING */
	size_t size;           /* of an element of RELEVO_TYPE_BYTES */
	uint32_t count;        /* elements, maybe none; not looked at with RELEVO_OPEN_EXISTING */
	const void *initial;   /* all of them, if it is created; NULL: zero */
	/* The lock of relevo_array_lock(): this one of the same session, open for as long
	 * as the array is; NULL: one of its own. With `unlocked`, there is none. */
	relevo_rlock *lock;
	bool unlocked;
	RELEVO_LATER bool durable; /* as that of a queue; the lock is not */
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/*
 * Open the array of that name, or with NULL a new one, as relevo_event_open() does
 * an event. *array belongs to the caller, until relevo_array_close().
 *
 * Errors: as relevo_value_open(); BAD_ARGUMENT (no element), OPTION_MISMATCH (it
 * exists with another number of elements).
 */
RELEVO_API int relevo_array_open(relevo_session *session, const char *name,
				 const struct relevo_array_options *options, relevo_array **array);

/* Close this handle, as relevo_event_close() does. */
RELEVO_API void relevo_array_close(relevo_array *array);

/*
 * The recursive lock that goes with the array, for what takes more than one step: *lock, which
 * belongs to the handle. One of its own is opened with the first call, named as the
 * array with ".guard" behind; all that have the array open have the same. The array can be used
 * without it, too. Thread-safe; blocks for the broker's answer.
 *
 * Errors: BAD_STATE (it was opened without one), BAD_NAME (of more than 249 bytes), and
 * those of relevo_rlock_open().
 */
RELEVO_API int relevo_array_lock(relevo_array *array, relevo_rlock **lock);

/* Delete an array, as relevo_event_delete() does an event. */
RELEVO_API int relevo_array_delete(relevo_session *session, const char *name);

/* The array's name. Belongs to the handle. */
RELEVO_API const char *relevo_array_name(const relevo_array *array);

/* The type of its elements, the size of one in bytes, and how many there are. Never
 * block. */
RELEVO_API enum relevo_type relevo_array_type(const relevo_array *array);

/* See relevo_array_type(). */
RELEVO_API size_t relevo_array_size(const relevo_array *array);

/* See relevo_array_type(). */
RELEVO_API uint32_t relevo_array_count(const relevo_array *array);

/*
 * Read `count` elements from number `first` on, as they were at one moment; or
 * write them, in one atomic step. `size` is that of the memory pointed to, in
 * bytes, and has to be that of so many elements. Thread-safe; block for the
 * broker's answer.
 *
 * Errors: BAD_ARGUMENT (there are not so many elements, or `size` is not theirs:
 * nothing is changed), GONE, DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY.
 */
RELEVO_API int relevo_array_read(relevo_array *array, size_t first, size_t count, void *result,
				 size_t size);

/* See relevo_array_read(). */
RELEVO_API int relevo_array_write(relevo_array *array, size_t first, size_t count,
				  const void *operand, size_t size);

/* The same with one element, whose size is `size`. */
RELEVO_API int relevo_array_get(relevo_array *array, size_t index, void *result, size_t size);

/* The same with one element, whose size is `size`. */
RELEVO_API int relevo_array_set(relevo_array *array, size_t index, const void *operand,
				size_t size);

/* On one element, as relevo_value_add(). */
RELEVO_API int relevo_array_add(relevo_array *array, size_t index, const void *operand,
				void *result, size_t size);

/* On one element, as relevo_value_compare_exchange(). */
RELEVO_API int relevo_array_compare_exchange(relevo_array *array, size_t index, void *expected,
					     const void *desired, size_t size);

/* For one element, as relevo_value_wait_until(). */
RELEVO_API int relevo_array_wait_until(relevo_array *array, size_t index,
				       enum relevo_comparison comparison, const void *operand,
				       size_t size, int64_t timeout);

/* For a change of any element, as relevo_value_wait_change(). */
RELEVO_API int relevo_array_wait_change(relevo_array *array, int64_t timeout, uint64_t *version);

#ifdef __cplusplus
}
#endif

#endif
