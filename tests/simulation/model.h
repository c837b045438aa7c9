#ifndef SIMULATION_MODEL_H
#define SIMULATION_MODEL_H

#include "engine/engine.h"
#include "queues/manage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the engine must do, said in the plainest way: arrays and linear scans, no
 * heaps, no free lists, no re-entrance. Whatever the two disagree on is a fault
 * of one of them.
 *
 * Numbers that the engine is free to choose (handles, leases) are told to the
 * model after it has checked all else.
 */
enum {
	MODEL_PEERS = 4,
	MODEL_NAMES = 5,
	MODEL_CALLS = 40,
	MODEL_HANDLES = 6, /* limit of a session */
	MODEL_WAITERS = 4, /* limit of a session */
	MODEL_BATCH = 8,   /* most items of a call */
	MODEL_CHOICE = 3,  /* most queues of a get */
};

enum item_state { ITEM_READY, ITEM_LEASED, ITEM_DELAYED };

struct model_item {
	uint64_t id;
	uint64_t sequence;
	uint32_t rank; /* comes before the sequence, except in FIFO queues */
	uint32_t key;  /* against duplicates; 0: none */
	uint32_t size;
	uint32_t deliveries;
	nsec_t expires;  /* 0: never */
	bool overlooked; /* it was held when its time came */
	enum item_state state;
	uint32_t holder; /* LEASED: the peer */
	uint64_t lease;  /* LEASED: its number, once it is known */
	nsec_t until;    /* of the lease or the delay; NSEC_NEVER: no limit */
};

/* Who puts into a fair queue, and the rank of the latest item. */
struct model_flow {
	uint64_t session;
	uint32_t last;
};

struct model_queue {
	struct model_queue *next; /* every queue there ever was in this world */
	uint32_t name;
	bool deleted;
	uint32_t creator; /* a peer; of QUEUE_SESSION */
	bool creator_gone;
	struct queue_options options;
	struct model_item *items;
	size_t item_count, item_capacity;
	uint64_t last_sequence;
	struct queue_counts totals; /* of all that ever was, and handles */
	struct model_flow *flows;   /* of a fair one */
	size_t flow_count;
	uint32_t round;  /* the rank handed out last */
	bool has_holder; /* of an exclusive one: */
	uint32_t holder; /* a peer */
	enum queue_shutdown shutdown;
	uint64_t active; /* its place among those to be looked at; 0: not one of them */
};

/* What the caller does from inside the answer with what it got. */
enum inside { INSIDE_KEEP, INSIDE_ACK, INSIDE_NACK };

struct model_got {
	uint64_t id;
	uint32_t deliveries;
	uint64_t lease; /* the engine's word */
};

enum call_kind { CALL_PUT, CALL_GET, CALL_JOIN };

enum call_state { CALL_FREE, CALL_PARKED, CALL_COMMITTING, CALL_DONE };

struct model_call {
	enum call_state state;
	enum call_kind kind;
	uint32_t peer;
	struct model_queue *queue;
	struct model_queue *also[MODEL_CHOICE - 1]; /* of a get from several */
	uint32_t also_count;
	uint32_t waits; /* as so many calls */
	bool left;      /* a queue has ended it, but another may still serve it */
	const struct model_queue *left_queue;
	uint64_t order; /* of arrival */
	nsec_t deadline;
	int refusal; /* as a waiter's */
	/* put */
	uint64_t ids[MODEL_BATCH];
	uint32_t sizes[MODEL_BATCH];
	uint32_t count;
	uint64_t acks[MODEL_BATCH];
	uint32_t ack_count;
	uint32_t rank, key;
	nsec_t not_before, expires;
	/* get */
	uint32_t max_items, max_bytes;
	enum inside inside;
	/* outcome */
	int status;
	uint32_t accepted;
	uint32_t served; /* of the queues of a get, the place of the one that did */
	struct model_got got[MODEL_BATCH];
	uint32_t got_count;
};

struct model {
	nsec_t now;
	bool hold; /* commits wait for model_commit() */
	uint64_t last_order, last_active;
	struct model_queue *queues;
	uint64_t sessions[MODEL_PEERS]; /* how many there were before */
	struct model_call calls[MODEL_CALLS];
	struct model_queue *handles[MODEL_PEERS][MODEL_HANDLES]; /* NULL: free */
};

void model_fini(struct model *model);

struct model_opening {
	uint32_t peer, name;
	enum queue_open_mode mode;
	struct queue_options options;
};

/* *place is where the handle stands. */
int model_open(struct model *model, const struct model_opening *opening, uint32_t *place);
void model_close(struct model *model, uint32_t peer, uint32_t place);
int model_delete(struct model *model, uint32_t name);

/* The call is filled in but for state, order, refusal and outcome. */
void model_put(struct model *model, struct model_call *call);
void model_get(struct model *model, struct model_call *call);
void model_cancel(struct model *model, struct model_call *call);

/* Some leases of a peer, good or bad. */
struct model_leases {
	uint32_t peer, count;
	uint64_t numbers[MODEL_BATCH];
};

int model_ack(struct model *model, const struct model_leases *leases);
int model_nack(struct model *model, const struct model_leases *leases, nsec_t not_before,
	       bool unread);
int model_reject(struct model *model, const struct model_leases *leases);
int model_extend(struct model *model, const struct model_leases *leases, nsec_t time);

/* ---- with a queue as a whole (model_manage.c) ---------------------------- */

void model_join(struct model *model, struct model_call *call);
int model_shut_down(struct model *model, struct model_queue *queue, enum queue_shutdown how);
int model_purge(struct model *model, struct model_queue *queue, uint64_t *count);

struct model_move {
	uint32_t from, to; /* names */
	uint64_t max_items;
};

int model_move(struct model *model, const struct model_move *move, uint64_t *count);

void model_gone(struct model *model, uint32_t peer);
void model_tick(struct model *model);
void model_commit(struct model *model, int status);

/* The rank of an item in a queue whose order is PRIORITY. */
uint32_t model_rank_of_priority(int32_t priority);

/* What the engine must say. */
nsec_t model_next_deadline(struct model *model);
/* Whether somebody waits for an item that could be had. */
bool model_strands(struct model *model, struct model_queue *queue);
struct queue_counts model_counts(const struct model *model, const struct model_queue *queue);
/* Items in queues and in waiting puts. */
uint64_t model_items(const struct model *model);

/* The item with that id in the queue, or NULL. */
struct model_item *model_item(struct model_queue *queue, uint64_t id);

/* A lease that the peer holds, the `nth` of them; 0 if there are not so many. */
uint64_t model_lease(const struct model *model, uint32_t peer, uint32_t nth);

#endif
