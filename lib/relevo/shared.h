/*
 * Shared memory: values and arrays that processes of one host read and write in
 * place, with a lock that outlives a process that dies with it.
 *
 * The memory has a name at the broker, and none in the file system: it is gone
 * when the last process that has it open has ended, however it ended, and the
 * broker has let go of the name. For values that other hosts see too, the broker
 * has to keep them.
 *
 * Processes that share memory trust each other with what is in it, and with the
 * lock: any of them can write over both.
 *
 * The lock is for the processes of one PID namespace: it knows its owner by a number that another
 * thread may have in the next container. It belongs to the namespace of the first that
 * opened the memory, for as long as that has its name; in others, opening memory with a lock
 * fails with NOT_LOCAL. They can share memory without one (RELEVO_SHARED_NO_LOCK), and use a
 * relevo_lock of the broker's.
 */
#ifndef RELEVO_SHARED_H
#define RELEVO_SHARED_H

#include <relevo/session.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct relevo_shared relevo_shared;

enum relevo_shared_locking {
	RELEVO_SHARED_LOCK = 0,    /* the memory has a lock of its own */
	RELEVO_SHARED_NO_LOCK = 1, /* it has none, or that of another memory */
};

struct relevo_shared_options {
	enum relevo_open_mode mode;
	enum relevo_lifetime lifetime; /* of the name; open memory stays */
	enum relevo_shared_locking locking;
	relevo_shared *lock_of; /* with NO_LOCK: what this handle locks; outlives it; or NULL */
	/* What it begins with, if this call creates it: other processes never see it without. The
	 * rest is zeros. At most relevo_session_max_item() bytes. */
	const void *initial;
	size_t initial_size;
	uint64_t reserved[RELEVO_RESERVED];
};

/*
 * Open the memory of that name with `size` bytes, or with NULL a new one with a
 * name of its own (RELEVO_LIFETIME_KEPT then means RELEVO_LIFETIME_UNTIL_UNUSED). With
 * RELEVO_OPEN_EXISTING it has the size with which it was created, and a lock if it got one then.
 * `options` may be NULL for the defaults. *shared belongs to the caller,
 * until relevo_shared_close(). Thread-safe; blocks for the broker's answer.
 *
 * A child of fork(2) may go on using the handle: it refers to the same memory.
 * The memory goes on too when the connection or the broker is lost.
 *
 * Errors: NOT_LOCAL (the session goes over a network; or the memory has a lock, which belongs to
 * another PID namespace, or /proc/self/ns/pid cannot be read), BAD_NAME, BAD_ARGUMENT,
 * NOT_FOUND, EXISTS, OPTION_MISMATCH (it exists with another size, lock or
 * lifetime), QUOTA, LIMIT, NO_DESCRIPTORS, TOO_LARGE
 * (`initial_size`), BAD_STATE (the broker sent something else),
 * DISCONNECTED, UNANSWERED, FORKED, NO_MEMORY, SYSTEM.
 */
RELEVO_API int relevo_shared_open(relevo_session *session, const char *name, size_t size,
				  const struct relevo_shared_options *options,
				  relevo_shared **shared);

/* Close this handle: its pointers are of no use any more. If this thread has the
 * lock, gives it up. No other thread may be in a call with the handle, have the
 * lock through it, or use its memory. NULL is allowed. Does not wait. */
RELEVO_API void relevo_shared_close(relevo_shared *shared);

/* Free the name for something else. Processes that have the memory open keep it.
 * Thread-safe; blocks for the answer. Errors: BAD_NAME, NOT_FOUND, DISCONNECTED,
 * UNANSWERED, FORKED. */
RELEVO_API int relevo_shared_delete(relevo_session *session, const char *name);

/* The memory: aligned to a page, the same bytes in every process, perhaps at
 * another address. Hold the lock while using it, or use types that need none,
 * such as _Atomic ones. Belongs to the handle. Never blocks. */
RELEVO_API void *relevo_shared_data(const relevo_shared *shared);

/* The memory as one value of a type, or as an array: *relevo_shared_as(s, int). */
#define relevo_shared_as(shared, type) ((type *)relevo_shared_data(shared))

/* Bytes of it. */
RELEVO_API size_t relevo_shared_size(const relevo_shared *shared);

/* Its name at the broker. Belongs to the handle. */
RELEVO_API const char *relevo_shared_name(const relevo_shared *shared);

/* Whether it was this handle's opening that created it. */
RELEVO_API bool relevo_shared_created(const relevo_shared *shared);

/* ---- the lock ---------------------------------------------------------- */

/* Whether there is a lock: its own, or that of `lock_of`. */
RELEVO_API bool relevo_shared_has_lock(const relevo_shared *shared);

/* The handle whose memory holds the lock: this one, or the one that was given.
 * BAD_STATE: it has no lock. */
RELEVO_API int relevo_shared_lock_owner(relevo_shared *shared, relevo_shared **owner);

/*
 * Acquire the lock for this thread, waiting up to `timeout` ms. A thread that has
 * it acquires it once more, and has to unlock as often. If the thread that had it last died with
 * it, this succeeds, and *owner_died (may be NULL) says so, once: what it protects may be half
 * changed. It is not carried across fork(2). Thread-safe;
 * uncontended, it makes a system call the first time only.
 *
 * Errors: TIMED_OUT, BAD_STATE (there is no lock, or it was written over), LIMIT (acquired too
 * often), NOT_LOCAL (this is a child that was
 * forked into another PID namespace), BAD_ARGUMENT.
 */
RELEVO_API int relevo_shared_lock(relevo_shared *shared, int64_t timeout, bool *owner_died);

/* Errors: NOT_OWNER (this thread does not have it), BAD_STATE. Never blocks. */
RELEVO_API int relevo_shared_unlock(relevo_shared *shared);

/* ---- arrays ------------------------------------------------------------ */

/* How many elements of that width there are. 0 for a width of 0. */
RELEVO_API size_t relevo_shared_count(const relevo_shared *shared, size_t width);

/* The address of one element, or NULL if there is no such element. */
RELEVO_API void *relevo_shared_element(const relevo_shared *shared, size_t width, size_t index);

/*
 * Copy `count` elements of `width` bytes, from `first` on, to `values`, which has room for them.
 * Hold the lock if others write. Never blocks.
 *
 * Errors: BAD_ARGUMENT, and nothing is copied: they reach beyond the last element.
 */
RELEVO_API int relevo_shared_get(const relevo_shared *shared, size_t width, size_t first,
				 size_t count, void *values);

/* The other way round: copy the `count` elements of `values` in. Errors as
 * relevo_shared_get(): nothing is changed then. */
RELEVO_API int relevo_shared_set(relevo_shared *shared, size_t width, size_t first, size_t count,
				 const void *values);

#ifdef __cplusplus
}
#endif

#endif
