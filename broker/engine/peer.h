#ifndef ENGINE_PEER_H
#define ENGINE_PEER_H

#include "engine/ahead.h"
#include "engine/core.h"
#include "engine/lease.h"

struct queue;

/* One number under which a session knows a queue, deleted or not. */
struct handle {
	struct queue *queue; /* NULL: the number is free */
	struct ahead *ahead; /* NULL: it never got items ahead */
	uint32_t next_free;  /* the next free number; 0: none */
};

struct engine_peer {
	struct engine *engine;
	struct account *account;
	struct handle *handles; /* handle n stands at n - 1 */
	uint32_t handle_capacity;
	uint32_t handle_count;
	uint32_t free_handle;      /* 0: none */
	struct list waiters;       /* not answered yet */
	uint32_t waiting;          /* those that wait in a queue */
	struct list owned;         /* queues that end with the session */
	struct lease_table leases; /* items that it holds */
	void (*on_recall)(void *context, uint32_t handle);
	void *recall_context;
};

/* Make sure that peer_add_handle() succeeds once. LIMIT, QUOTA, NO_MEMORY. */
int peer_reserve_handle(struct engine_peer *peer, struct error *error);

/* A new handle for the queue. */
uint32_t peer_add_handle(struct engine_peer *peer, struct queue *queue);

/* The queue behind the handle, which may have been deleted; BAD_ARGUMENT. */
int peer_find_handle(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		     struct error *error);

/* The same, GONE if it was deleted. */
int peer_find_queue(struct engine_peer *peer, uint32_t handle, struct queue **queue,
		    struct error *error);

/* Forget an open handle. */
void peer_remove_handle(struct engine_peer *peer, uint32_t handle);

#endif
