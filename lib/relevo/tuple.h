/*
 * Tuples: ordered lists of typed values, each with or without a name. They are what
 * processes get as arguments, and may be the messages of pipes and the items of queues.
 *
 * A tuple holds numbers, text, bytes, other tuples, and handles: of queues, locks and
 * the other objects of a broker, which a process that gets the tuple can open, and of pipes and
 * descriptors, of which it gets copies of its own.
 *
 * A handle of a broker's object in a tuple keeps the object alive only in the arguments of a
 * process (see process.h). In an item or a message it does not: so a sender keeps its own
 * handle open until it knows that the receiver has opened the object, or gives the object a
 * lifetime that needs no handle (RELEVO_LIFETIME_KEPT and a name). Otherwise the receiver may
 * get GONE.
 *
 * One thread at a time may use a tuple that is being filled; several may read it at once.
 * Nothing here blocks unless it says so.
 */
#ifndef RELEVO_TUPLE_H
#define RELEVO_TUPLE_H

#include <relevo/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_tuple relevo_tuple;

/* Objects that a tuple can hold: see their own headers for what is done with them. */
typedef struct relevo_session relevo_session;
typedef struct relevo_queue relevo_queue;
typedef struct relevo_lock relevo_lock;
typedef struct relevo_rlock relevo_rlock;
typedef struct relevo_semaphore relevo_semaphore;
typedef struct relevo_condition relevo_condition;
typedef struct relevo_event relevo_event;
typedef struct relevo_barrier relevo_barrier;
typedef struct relevo_value relevo_value;
typedef struct relevo_array relevo_array;
typedef struct relevo_shared relevo_shared;
struct relevo_queue_options;
struct relevo_lock_options;
struct relevo_semaphore_options;
struct relevo_condition_options;
struct relevo_event_options;
struct relevo_barrier_options;
struct relevo_value_options;
struct relevo_array_options;
struct relevo_shared_options;

enum relevo_tuple_type {
	RELEVO_TUPLE_NONE = 0,
	RELEVO_TUPLE_BOOL = 1,
	RELEVO_TUPLE_INT = 2, /* 64 bits, with a sign */
	RELEVO_TUPLE_DOUBLE = 3,
	RELEVO_TUPLE_TEXT = 4, /* UTF-8; may hold zeros */
	RELEVO_TUPLE_BYTES = 5,
	RELEVO_TUPLE_TUPLE = 6,
	RELEVO_TUPLE_QUEUE = 7,
	RELEVO_TUPLE_LOCK = 8,
	RELEVO_TUPLE_RLOCK = 9,
	RELEVO_TUPLE_SEMAPHORE = 10,
	RELEVO_TUPLE_CONDITION = 11,
	RELEVO_TUPLE_EVENT = 12,
	RELEVO_TUPLE_BARRIER = 13,
	RELEVO_TUPLE_VALUE = 14,
	RELEVO_TUPLE_ARRAY = 15,
	RELEVO_TUPLE_SHARED = 16,
	RELEVO_TUPLE_PIPE = 17, /* an end of one: see pipe.h */
	RELEVO_TUPLE_DESCRIPTOR = 18,
};

/* How many values one tuple may have. */
#define RELEVO_TUPLE_MAX   65536

/* How many tuples may stand within each other, the outermost included. */
#define RELEVO_TUPLE_DEPTH 32

/* Make an empty tuple; it is the caller's, until relevo_tuple_free(). Errors: NO_MEMORY. */
RELEVO_API int relevo_tuple_new(relevo_tuple **tuple);

/* Free it with all it holds: tuples in it, and descriptors that came with it and were not
 * taken. NULL is allowed. */
RELEVO_API void relevo_tuple_free(relevo_tuple *tuple);

/* ---- putting values in -------------------------------------------------- */

/*
 * Add a value at the end. `name` may be NULL: the value then has none; otherwise it is
 * as the name of a queue, and is copied, as are text and bytes.
 *
 * Errors, and the tuple is as before: BAD_NAME, LIMIT (RELEVO_TUPLE_MAX), NO_MEMORY; for
 * a text CANNOT_ENCODE (it is not UTF-8).
 */
RELEVO_API int relevo_tuple_add_none(relevo_tuple *tuple, const char *name);

/* The same: a truth value. */
RELEVO_API int relevo_tuple_add_bool(relevo_tuple *tuple, const char *name, bool value);

/* The same: a number. */
RELEVO_API int relevo_tuple_add_int(relevo_tuple *tuple, const char *name, int64_t value);

/* The same: a number with a fraction. */
RELEVO_API int relevo_tuple_add_double(relevo_tuple *tuple, const char *name, double value);

/* The same: bytes. */
RELEVO_API int relevo_tuple_add_bytes(relevo_tuple *tuple, const char *name, const void *data,
				      size_t size);

/* The same: a C string. */
RELEVO_API int relevo_tuple_add_text(relevo_tuple *tuple, const char *name, const char *text);

/* The same: so many bytes of text, zeros included. */
RELEVO_API int relevo_tuple_add_text_of(relevo_tuple *tuple, const char *name, const char *text,
					size_t size);

/* Add a tuple; `inner` belongs to `tuple` from then on, unless this fails. Errors also:
 * BAD_ARGUMENT (a tuple cannot hold itself, nor be in two tuples, or twice in one). */
RELEVO_API int relevo_tuple_add_tuple(relevo_tuple *tuple, const char *name, relevo_tuple *inner);

/*
 * Add an object of a broker: which one it is, so that a process that gets the tuple can open it.
 * The handle stays the caller's and may be closed; the object is not kept alive. Errors also:
 * TOO_SHORT (the URL and the name are too long).
 */
RELEVO_API int relevo_tuple_add_queue(relevo_tuple *tuple, const char *name,
				      const relevo_queue *queue);

/* The same for a lock. */
RELEVO_API int relevo_tuple_add_lock(relevo_tuple *tuple, const char *name,
				     const relevo_lock *lock);

/* The same for a recursive lock. */
RELEVO_API int relevo_tuple_add_rlock(relevo_tuple *tuple, const char *name,
				      const relevo_rlock *lock);

/* The same for a semaphore. */
RELEVO_API int relevo_tuple_add_semaphore(relevo_tuple *tuple, const char *name,
					  const relevo_semaphore *semaphore);

/* The same for a condition. */
RELEVO_API int relevo_tuple_add_condition(relevo_tuple *tuple, const char *name,
					  const relevo_condition *condition);

/* The same for an event. */
RELEVO_API int relevo_tuple_add_event(relevo_tuple *tuple, const char *name,
				      const relevo_event *event);

/* The same for a barrier. */
RELEVO_API int relevo_tuple_add_barrier(relevo_tuple *tuple, const char *name,
					const relevo_barrier *barrier);

/* The same for a value. */
RELEVO_API int relevo_tuple_add_value(relevo_tuple *tuple, const char *name,
				      const relevo_value *value);

/* The same for an array. */
RELEVO_API int relevo_tuple_add_array(relevo_tuple *tuple, const char *name,
				      const relevo_array *array);

/* The same for shared memory. */
RELEVO_API int relevo_tuple_add_shared(relevo_tuple *tuple, const char *name,
				       const relevo_shared *shared);

/* Add a descriptor. It stays the caller's, and has to stay open until the tuple has been
 * sent; a process that gets the tuple has one of its own of the same open file. Errors also:
 * BAD_ARGUMENT (it is negative). */
RELEVO_API int relevo_tuple_add_descriptor(relevo_tuple *tuple, const char *name, int descriptor);

/* ---- looking at them ---------------------------------------------------- */

/* How many values it has. */
RELEVO_API size_t relevo_tuple_count(const relevo_tuple *tuple);

/* The kind of a value. RELEVO_TUPLE_NONE too if there is none at `index`. */
RELEVO_API enum relevo_tuple_type relevo_tuple_kind(const relevo_tuple *tuple, size_t index);

/* The name of a value, or NULL. Belongs to the tuple. */
RELEVO_API const char *relevo_tuple_name(const relevo_tuple *tuple, size_t index);

/* The first value of that name. NOT_FOUND: there is none. */
RELEVO_API int relevo_tuple_find(const relevo_tuple *tuple, const char *name, size_t *index);

/*
 * The value at `index`, counted from 0. What pointers point to belongs to the tuple; text
 * and bytes have a byte 0 behind them that does not count; `size` may be NULL.
 *
 * Errors: BAD_ARGUMENT, which names both: there is no such value, or it is of another kind.
 */
RELEVO_API int relevo_tuple_bool(const relevo_tuple *tuple, size_t index, bool *value);

/* The same for a number. */
RELEVO_API int relevo_tuple_int(const relevo_tuple *tuple, size_t index, int64_t *value);

/* The same for a number with a fraction. */
RELEVO_API int relevo_tuple_double(const relevo_tuple *tuple, size_t index, double *value);

/* The same for a text. */
RELEVO_API int relevo_tuple_text(const relevo_tuple *tuple, size_t index, const char **text,
				 size_t *size);

/* The same for bytes. */
RELEVO_API int relevo_tuple_bytes(const relevo_tuple *tuple, size_t index, const void **data,
				  size_t *size);

/* The same for a tuple in it. */
RELEVO_API int relevo_tuple_tuple(const relevo_tuple *tuple, size_t index,
				  const relevo_tuple **inner);

/*
 * Open the object at `index` within a session with the same broker, by whatever address.
 * Of the options, which may be NULL, those that are of the handle alone count. The handle
 * is the caller's. Blocks for the broker's answer.
 *
 * Errors: BAD_ARGUMENT as above, GONE (it has been deleted, or ended with its broker), and
 * those of opening.
 */
RELEVO_API int relevo_tuple_queue(const relevo_tuple *tuple, size_t index, relevo_session *session,
				  const struct relevo_queue_options *options, relevo_queue **queue);

/* The same for a lock. */
RELEVO_API int relevo_tuple_lock(const relevo_tuple *tuple, size_t index, relevo_session *session,
				 const struct relevo_lock_options *options, relevo_lock **lock);

/* The same for a recursive lock. */
RELEVO_API int relevo_tuple_rlock(const relevo_tuple *tuple, size_t index, relevo_session *session,
				  const struct relevo_lock_options *options, relevo_rlock **lock);

/* The same for a semaphore. */
RELEVO_API int relevo_tuple_semaphore(const relevo_tuple *tuple, size_t index,
				      relevo_session *session,
				      const struct relevo_semaphore_options *options,
				      relevo_semaphore **semaphore);

/* The same for a condition; its lock is its own. */
RELEVO_API int relevo_tuple_condition(const relevo_tuple *tuple, size_t index,
				      relevo_session *session,
				      const struct relevo_condition_options *options,
				      relevo_condition **condition);

/* The same for an event. */
RELEVO_API int relevo_tuple_event(const relevo_tuple *tuple, size_t index, relevo_session *session,
				  const struct relevo_event_options *options, relevo_event **event);

/* The same for a barrier. */
RELEVO_API int relevo_tuple_barrier(const relevo_tuple *tuple, size_t index,
				    relevo_session *session,
				    const struct relevo_barrier_options *options,
				    relevo_barrier **barrier);

/* The same for a value. */
RELEVO_API int relevo_tuple_value(const relevo_tuple *tuple, size_t index, relevo_session *session,
				  const struct relevo_value_options *options, relevo_value **value);

/* The same for an array. */
RELEVO_API int relevo_tuple_array(const relevo_tuple *tuple, size_t index, relevo_session *session,
				  const struct relevo_array_options *options, relevo_array **array);

/* The same for shared memory: NOT_LOCAL over a network. */
RELEVO_API int relevo_tuple_shared(const relevo_tuple *tuple, size_t index, relevo_session *session,
				   const struct relevo_shared_options *options,
				   relevo_shared **shared);

/* The URL of the broker that keeps the object at `index`, for relevo_session_open(), into `url`,
 * `size` bytes. Errors: BAD_ARGUMENT (there is no such value, or it is none of these), TOO_SHORT.
 */
RELEVO_API int relevo_tuple_url(const relevo_tuple *tuple, size_t index, char *url, size_t size);

/*
 * Take the descriptor at `index` out: it is the caller's, to be closed by it. It can be taken
 * once from a tuple that was received; from one that the caller filled itself, it gets a new copy
 * each time, closed on exec. Errors: BAD_ARGUMENT as above, BAD_STATE (it
 * has been taken), NO_DESCRIPTORS, SYSTEM.
 */
RELEVO_API int relevo_tuple_take_descriptor(relevo_tuple *tuple, size_t index, int *descriptor);

/* ---- on their way ------------------------------------------------------- */

/*
 * The tuple as bytes, which are the caller's: free(3) them. Another version of relevo, and
 * another machine, can read them. Errors: CANNOT_ENCODE (it holds what bytes cannot hold,
 * which the detail names, or tuples nested too deeply), NO_MEMORY.
 */
RELEVO_API int relevo_tuple_pack(const relevo_tuple *tuple, void **data, size_t *size);

/* The tuple that was packed; it is the caller's. Whatever the bytes are, this is safe.
 * Errors: BAD_FRAME (they are no tuple), NO_MEMORY. */
RELEVO_API int relevo_tuple_unpack(const void *data, size_t size, relevo_tuple **tuple);

/* relevo_queue_put() of a packed tuple. Errors as there and as relevo_tuple_pack(). */
RELEVO_API int relevo_queue_put_tuple(relevo_queue *queue, const relevo_tuple *tuple,
				      int64_t timeout);

/* relevo_queue_get() of one. Errors as there; BAD_FRAME: the item was no tuple, and is
 * gone. */
RELEVO_API int relevo_queue_get_tuple(relevo_queue *queue, int64_t timeout, relevo_tuple **tuple);

#ifdef __cplusplus
}
#endif

#endif
