#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where the broker keeps records so that they outlive it: a log. The contract knows no files
 * and nothing of what the records mean.
 *
 * Records are added to the group that is forming; commit() ends the group. A group becomes
 * durable as a whole or not at all, and groups in the order of their commits. All calls come
 * from the broker's loop, and none waits for the disk but recover(), read() and close().
 *
 * Whatever a store hands out was checked: a record comes back with the bytes that were
 * appended, or not at all.
 */

/* Where a record stands. Those added later have higher positions, also across restarts.
 * 0 is nowhere. */
typedef uint64_t store_position;

/* Space comes back by extents: the upper bits of a position. */
#define STORE_EXTENT_SHIFT 32
static inline uint32_t store_extent(store_position at)
{
	return (uint32_t)(at >> STORE_EXTENT_SHIFT);
}

/* The largest record, and the largest group. TOO_LARGE beyond. */
#define STORE_RECORD_MOST ((size_t)1 << 30)
#define STORE_GROUP_MOST  ((size_t)1 << 31)

/* A record may be given in pieces. */
struct store_part {
	const void *bytes;
	size_t size;
};

/* A record that is handed out. */
struct store_record {
	uint8_t type;
	const uint8_t *bytes; /* until the function that was given them returns */
	size_t size;
};

/* Who has a recovery read to it. A status other than OK ends it with that. */
struct store_reader {
	void *context;
	/* A record of the last checkpoint, in the order in which they were added. */
	int (*image)(void *context, const struct store_record *record, struct error *error);
	/* A record behind the beginning of that checkpoint, in order; of whole groups only. */
	int (*record)(void *context, store_position at, const struct store_record *record,
		      struct error *error);
};

typedef void store_done(void *context, int status);

struct store;

struct store_operations {
	/* Read back what is there, before anything else is asked. Once. What follows the last
	 * group that is whole, and was never confirmed, is dropped. DAMAGED: something that was
	 * durable is not as it was written; `error` has the place. BAD_VERSION: written in a
	 * newer format. STORAGE: it cannot be read. Then nothing was changed, what was read is
	 * to be forgotten, and only close() may follow. */
	int (*recover)(struct store *store, const struct store_reader *reader, struct error *error);

	/* Add a record; its bytes are copied. *at tells where it stands. NO_MEMORY, TOO_LARGE:
	 * nothing was added. */
	int (*append)(struct store *store, uint8_t type, const struct store_part *parts,
		      size_t count, store_position *at);
	/* Add bytes to the record that was appended last, if it is in the group that is forming:
	 * runs of items grow so. BAD_STATE (there is none), NO_MEMORY, TOO_LARGE: nothing was
	 * added. */
	int (*extend)(struct store *store, const struct store_part *parts, size_t count);
	/* How many bytes the group that is forming has; 0: none is. */
	size_t (*forming)(const struct store *store);
	/* End the group. `done` is called with OK once it is durable; with a reason if it is not
	 * and may never be: it is kept, and becomes durable when the trouble passes. Called once,
	 * from inside dispatch() or close(), in the order of the commits. `lazy`: nobody waits for
	 * it; it is written soon, and synced with a later one, or within a second. NULL `done`:
	 * nobody asks. With nothing in it, `done` tells of all groups before. NO_MEMORY, which only
	 * a group with nothing in it can meet: `done` will not be called. */
	int (*commit)(struct store *store, bool lazy, store_done *done, void *context);

	/* Why what is appended now would not become durable soon; OK: nothing is known against it.
	 * Then new work is better refused. */
	int (*trouble)(const struct store *store, struct error *error);
	/* Bytes of memory that groups take which were committed and are not durable. The store has
	 * no limit: who appends has to stop at one. */
	size_t (*backlog)(const struct store *store);

	/* A descriptor that is readable when dispatch() has something to do; -1: never. */
	int (*descriptor)(const struct store *store);
	void (*dispatch)(struct store *store);

	/* A whole record that was appended, durable or not, in the place of what `bytes` holds.
	 * A part would be no use: only a whole record can be checked. NO_MEMORY, STORAGE,
	 * DAMAGED, with the place in `error`; NOT_FOUND: no record begins there. */
	int (*read)(struct store *store, store_position at, uint8_t *type, struct buffer *bytes,
		    struct error *error);
	/* A hint: so many bytes from there on will be read soon. */
	void (*ahead)(struct store *store, store_position at, size_t size);

	/* No record of the extent is needed any more by read(). It goes once recover() does not
	 * need it either: when a checkpoint that begins behind it is durable. */
	void (*trim)(struct store *store, uint32_t extent);
	/* The first extent from that one on that was not trimmed; 0: none. After a start, some that
	 * were trimmed before may be among them, to be trimmed again. */
	uint32_t (*next_extent)(const struct store *store, uint32_t from);

	/*
	 * A checkpoint stands in for all records before its beginning, which is here and now.
	 * Its own records are added with add(), over as many calls as it takes, while others are
	 * appended meanwhile. end(): it counts once all groups committed so far and itself are
	 * durable; `done` tells, from inside dispatch(), also that it failed. The one before
	 * stays until then. begin() while another is written drops that one, whose `done` is
	 * called with CANCELLED. NO_MEMORY; BAD_STATE: none was begun.
	 */
	int (*checkpoint_begin)(struct store *store, store_position *begins);
	int (*checkpoint_add)(struct store *store, uint8_t type, const struct store_part *parts,
			      size_t count);
	int (*checkpoint_end)(struct store *store, store_done *done, void *context);
	/* Bytes of memory that a checkpoint takes which is not written yet, for who adds to it. */
	size_t (*checkpoint_backlog)(const struct store *store);
	/* Why the last one that ended failed; OK: it did not. */
	int (*checkpoint_failure)(const struct store *store, struct error *error);

	/* Everything committed is made durable, if it can be; waits for that. What was neither
	 * durable nor told has its `done` called, which must not come back to the store. A
	 * checkpoint that was ended is finished, if it can be. */
	void (*close)(struct store *store);
};

struct store {
	const struct store_operations *operations;
};

#endif
