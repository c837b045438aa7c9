#ifndef LEASES_AHEAD_H
#define LEASES_AHEAD_H

#include "core/lease_table.h"

/*
 * Items that a session was handed ahead: it has not come for them yet, but likely
 * will, and then need not ask. They are leased like any other; only they count
 * as ready, and are called back when somebody else waits for an item.
 *
 * One record for each handle that gets in this way.
 */
struct ahead {
	struct engine_peer *peer;
	struct queue *queue;
	uint32_t handle;
	uint32_t items;       /* unread */
	bool recalled;        /* and has not given them back yet */
	bool begins;          /* says which of them it begins to work on */
	struct list leases;   /* of the unread items */
	struct list in_queue; /* with unread items, in queue->readers or, once recalled, recalled */
	struct heap_node timer; /* when they are called back, or taken */
};

/* The record of the handle, made when it is new; NULL when the queue hands
 * nothing out ahead, or memory ran out. */
struct ahead *ahead_open(struct engine_peer *peer, uint32_t handle);

/* The record that a getter of the queue came with, or NULL: while it waited, the handle
 * may have been closed, or become another queue's. */
struct ahead *ahead_of(const struct engine_peer *peer, uint32_t handle, const struct queue *queue);

/* How many items more than it asks for, `most` at most, a getter should be given now. */
uint32_t ahead_share(const struct ahead *ahead, uint32_t most);

/* What is got by the handle comes strictly in order: as long as it is open nobody is handed
 * items ahead, and its gets wait until those that are unread have come back. */
void ahead_forbid(struct engine_peer *peer, uint32_t handle);

/* Whether a getter with the handle has to wait for such. */
bool ahead_in_the_way(const struct engine_peer *peer, uint32_t handle, const struct queue *queue);

/* The lease is one of an unread item; and: it is not any more. */
void ahead_add(struct ahead *ahead, struct lease *lease);
void ahead_remove(struct lease *lease);

/* Somebody waits: have the sessions give back what they have not read. */
void ahead_recall(struct queue *queue);

/* The same for one of them. */
void ahead_recall_one(struct ahead *ahead);

#endif
