#ifndef CORE_PEER_H
#define CORE_PEER_H

#include "core/client_id.h"
#include "core/core.h"
#include "core/handle.h"
#include "core/lease_table.h"
#include "core/peer_remains.h"

struct engine_peer {
	struct engine *engine;
	uint64_t number; /* never that of another; from 1 on */
	bool silent;     /* it holds objects for a process that has not spoken yet */
	struct account *account;
	bool identified; /* by `client_id` */
	uint8_t client_id[CLIENT_ID_SIZE];
	struct client *client; /* NULL: nothing is remembered of it yet */
	struct handle_table queues;
	struct handle_table cells;
	struct handle_table shared;
	struct list waits;         /* calls that people are told of, see waiter_tell() */
	struct list waiters;       /* others that are not answered yet */
	uint32_t told;             /* how many people are told of */
	uint32_t waiting;          /* those that wait for a queue or a cell */
	uint32_t busy;             /* those that do not wait, but are not served or refused yet */
	struct list owned;         /* queues that end with the session */
	struct list owned_cells;   /* cells that do */
	struct list made_shared;   /* memory that it created */
	uint32_t made_count;       /* of them */
	struct list relays;        /* pipes that it has an end of */
	struct lease_table leases; /* items that it holds */
	struct list wills;         /* what happens to cells when it ends */
	struct map wills_by_number;
	uint32_t will_count;
	uint64_t last_will; /* number given out last */
	void (*on_recall)(void *context, uint32_t handle);
	void *recall_context;

	struct work end;   /* what is left to do when it has gone */
	bool gone;         /* nothing but that happens any more */
	bool orderly;      /* see engine_peer_leave() */
	uint32_t end_slot; /* of leases: those before it have gone back */
	void (*on_end)(void *context, const struct peer_remains *remains);
	void *end_context;
	struct peer_remains remains;
};

#endif
