/*
 * Values: single numbers, or records of bytes, that live at the broker. Processes
 * on any host read and change them in atomic steps, and wait for what they become.
 */
#ifndef RELEVO_VALUE_H
#define RELEVO_VALUE_H

#include <relevo/rlock.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a value, or an element of an array, is. In the program it has the C type of
 * the same name: int16_t, double ... */
enum relevo_type {
	RELEVO_TYPE_BYTES = 0, /* a text or a struct; read, set and compared as a whole */
	RELEVO_TYPE_CHAR = 1,  /* a char; as a number, an unsigned one */
	RELEVO_TYPE_INT8 = 2,
	RELEVO_TYPE_INT16 = 3,
	RELEVO_TYPE_INT32 = 4,
	RELEVO_TYPE_INT64 = 5,
	RELEVO_TYPE_UINT8 = 6,
	RELEVO_TYPE_UINT16 = 7,
	RELEVO_TYPE_UINT32 = 8,
	RELEVO_TYPE_UINT64 = 9,
	RELEVO_TYPE_FLOAT = 10,
	RELEVO_TYPE_DOUBLE = 11,
};

/* float and double compare as numbers: a NaN equals nothing. Bytes know only the
 * first two. */
enum relevo_comparison {
	RELEVO_COMPARISON_EQUAL = 0,
	RELEVO_COMPARISON_NOT_EQUAL = 1,
	RELEVO_COMPARISON_LESS = 2,
	RELEVO_COMPARISON_LESS_OR_EQUAL = 3,
	RELEVO_COMPARISON_GREATER = 4,
	RELEVO_COMPARISON_GREATER_OR_EQUAL = 5,
};

typedef struct relevo_value relevo_value;

struct relevo_value_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime;
	enum relevo_type type; /* not looked at with RELEVO_OPEN_EXISTING */
	size_t size;           /* of RELEVO_TYPE_BYTES */
	const void *initial;   /* what it starts as, if it is created; NULL: zero */
	/* The lock of relevo_value_lock(): this one of the same session, open for as long
	 * as the value is; NULL: one of its own. With `unlocked`, there is none. */
	relevo_rlock *lock;
	bool unlocked;
	RELEVO_LATER bool durable; /* as that of a queue; the lock is not */
	uint64_t reserved[RELEVO_RESERVED - 1];
};

/*
 * Open the value of that name, or with NULL a new one, as relevo_event_open() does
 * an event. *value belongs to the caller, until relevo_value_close().
 *
 * Errors: as relevo_event_open(); BAD_ARGUMENT (no such type, or bytes without
 * size), OPTION_MISMATCH (it exists with another type or size), TOO_LARGE (more bytes
 * than one item may have).
 */
RELEVO_API int relevo_value_open(relevo_session *session, const char *name,
				 const struct relevo_value_options *options, relevo_value **value);

/* Close this handle, as relevo_event_close() does. */
RELEVO_API void relevo_value_close(relevo_value *value);

/*
 * The recursive lock that goes with the value, for what takes more than one step: *lock, which
 * belongs to the handle. One of its own is opened with the first call, named as the
 * value with ".guard" behind; all that have the value open have the same. The value can be used
 * without it, too. Thread-safe; blocks for the broker's answer.
 *
 * Errors: BAD_STATE (it was opened without one), BAD_NAME (of more than 249 bytes), and
 * those of relevo_rlock_open().
 */
RELEVO_API int relevo_value_lock(relevo_value *value, relevo_rlock **lock);

/* Delete a value, as relevo_event_delete() does an event. */
RELEVO_API int relevo_value_delete(relevo_session *session, const char *name);

/* The value's name. Belongs to the handle. */
RELEVO_API const char *relevo_value_name(const relevo_value *value);

/* Its type, and its size in bytes. Never block. */
RELEVO_API enum relevo_type relevo_value_type(const relevo_value *value);

/* See relevo_value_type(). */
RELEVO_API size_t relevo_value_size(const relevo_value *value);

/*
 * In the calls below `size` is that of each thing that is pointed to, and has to be
 * that of the value: it catches a variable of another type. All are thread-safe and
 * block for the broker's answer. Their errors are BAD_ARGUMENT (another size), GONE,
 * DISCONNECTED, UNANSWERED (of those that change it), FORKED, NO_MEMORY.
 */

/* Read it. */
RELEVO_API int relevo_value_get(relevo_value *value, void *result, size_t size);

/* Set it. */
RELEVO_API int relevo_value_set(relevo_value *value, const void *operand, size_t size);

/* Add to it in one atomic step; *result (may be NULL) is the sum. Integers wrap
 * around at the ends of their type, unsigned and signed alike: INT32_MAX plus 1 is
 * INT32_MIN. BAD_ARGUMENT also for RELEVO_TYPE_BYTES. */
RELEVO_API int relevo_value_add(relevo_value *value, const void *operand, void *result,
				size_t size);

/* If it equals *expected, set it to *desired; else return NOT_EQUAL and store what
 * it is into *expected. One atomic step. */
RELEVO_API int relevo_value_compare_exchange(relevo_value *value, void *expected,
					     const void *desired, size_t size);

/*
 * Wait until `value comparison *operand` holds, `timeout` ms at most; returns at
 * once if it does. Every change is looked at: none is missed, however soon the next
 * one follows. Several threads may wait at once.
 *
 * Errors: TIMED_OUT (also with timeout 0), LIMIT, BAD_ARGUMENT (also for
 * RELEVO_TYPE_BYTES: see relevo_value_wait_change()), and those of the other calls.
 */
RELEVO_API int relevo_value_wait_until(relevo_value *value, enum relevo_comparison comparison,
				       const void *operand, size_t size, int64_t timeout);

/* Wait until it has been changed since *version, which then tells up to where the
 * changes have been seen; start with 0. Otherwise as relevo_value_wait_until(). */
RELEVO_API int relevo_value_wait_change(relevo_value *value, int64_t timeout, uint64_t *version);

#ifdef __cplusplus
}
#endif

#endif
