#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include "engine/core.h"
#include "engine/manage.h"
#include "engine/stock.h"
#include "engine/work.h"

/*
 * A queue lives as long as it has a name, and its memory as long as handles or
 * waiters refer to it after that.
 */
struct queue {
	struct map_node node; /* in engine->queues, until it is deleted */
	struct engine *engine;
	struct account *account; /* who pays for it */
	struct queue_options options;
	store_queue_t key;
	uint32_t references; /* its name, handles, waiters, whoever works on it */
	uint32_t handles;
	uint32_t silent_handles; /* of these, of sessions that only hold it */
	bool deleted;
	struct list in_owner;   /* if it ends with the session that created it */
	struct list active;     /* in engine->active */
	struct work settling;   /* while it has not been settled to the end */
	struct list put_off;    /* waiters to be refused when it has */
	struct work ending;     /* once it is deleted */
	struct heap_node timer; /* in engine->queue_timers, while items are delayed */

	struct stock stock;
	struct list leases; /* items that sessions hold */
	struct list *same;  /* the last of the first of them that are one session's; see lease.h */
	uint64_t leased;
	struct list getters; /* waiting calls, in order of arrival */
	struct list putters;
	struct list joiners; /* calls that wait until nothing is left */
	uint64_t getter_count, putter_count, joiner_count;
	struct list readers;  /* those struct ahead that have unread items */
	struct list recalled; /* and those that are to give them back */
	uint32_t reader_count;
	uint64_t unread;         /* of the leased items: handed out ahead */
	uint32_t strict_handles; /* that get strictly in order */
	bool holds;              /* there have been items with a time of their own: see hold.h */

	struct heap expiring;       /* see expiry.h */
	struct map keys;            /* see duplicate.h */
	struct map flows;           /* see order.h */
	uint32_t round;             /* of a fair queue: the rank handed out last */
	struct engine_peer *holder; /* who has it to itself, if it is exclusive */
	enum queue_shutdown shutdown;

	uint64_t last_sequence;
	uint64_t bytes; /* of bodies in stock and leased */
	uint64_t put, acknowledged, redelivered;
	uint64_t expired, dropped, dead_lettered, duplicates;
	uint64_t granted; /* how often a token was handed out */
	char name[];      /* behind it, the name of its dead-letter queue */
};

/* A queue under a name that is not taken, charged to the account. QUOTA,
 * NO_MEMORY, or the store's reason. */
int queue_new(struct engine *engine, struct account *account, const char *name,
	      const struct queue_options *options, struct queue **queue, struct error *error);

/* The same under a name that the engine makes up. */
int queue_new_nameless(struct engine_peer *peer, const struct queue_options *options,
		       struct queue **queue, struct error *error);

/* The queue of that name, or NULL. */
struct queue *queue_find(struct engine *engine, const char *name);

/* Delete: its name is free, its items are gone, those who wait will be told. */
void queue_end(struct queue *queue);

/* The same, but not in the store. */
void queue_forget(struct queue *queue);

/* For `ending`. */
void queue_go_on_ending(struct work *work);

void queue_hold(struct queue *queue);
void queue_drop(struct queue *queue);

/* Have it looked at by engine_run(). */
void queue_activate(struct queue *queue);

/* Serve whoever can be served, a piece of it if it is much. Calls answers. */
void queue_settle(struct queue *queue);

/* ---- puts that wait (queue_put.c) --------------------------------------- */

/* The item that a getter could have of the first of them now, or NULL. */
const struct item *putters_offer(const struct queue *queue);

/* Move the first item of the first of them into the stock, which ends the put with its
 * last item, or when the store refuses. */
void putters_admit(struct queue *queue);

/* Let in what there is room for. */
void putters_serve(struct queue *queue);

/* When the item of the first of them may be handed out; NSEC_NEVER: no time is set. */
nsec_t putters_due(const struct queue *queue);

/* Its time may have come. */
void putters_ripen(struct queue *queue);

/* ---- the stock ---------------------------------------------------------- */

/* Make sure that queue_delay() can be called once. */
bool queue_reserve_delay(struct queue *queue);

/* Give back an item that is not to be handed out before `due`. */
void queue_delay(struct queue *queue, struct item *item, nsec_t due);

/* Make ready what is due. */
void queue_ripen(struct queue *queue);

/* Have the engine come when the first delayed item is due, one expires, or that of the
 * first putter may be handed out. */
void queue_set_timer(struct queue *queue);

/* Tell the store how often the item has been handed out. */
void queue_record_deliveries(struct queue *queue, const struct item *item);

/* Record a new item of the session, to be handed out not before that time (0: at
 * once), and put it into the stock. NO_MEMORY, QUOTA, or the reason of the store: it
 * is left as it was. */
int queue_append(struct queue *queue, struct item *item, uint64_t session, nsec_t not_before);

/* The item, which is out of stock, is the queue's no more, and is recorded to be gone.
 * What the store says. */
int queue_forget_item(struct queue *queue, struct item *item, uint64_t sequence);

/* Whether an item of that size may enter the stock. */
bool queue_has_room(const struct queue *queue, size_t size);

/* Move an item that is out of stock to the end of another queue, whether that has
 * room or not. Its key and its time were for the queue it leaves. Fails as
 * queue_append(), and then it is as it was. */
int queue_transfer(struct queue *to, struct queue *from, struct item *item);

/* Drop all that is ready or delayed; how many that were. */
uint64_t queue_drain(struct queue *queue);

struct queue_counts queue_counts_of(const struct queue *queue);

/* Answer those who wait until nothing is left, if so. */
void joiners_serve(struct queue *queue);

/* Shut it down; engine_run() does what follows. */
void queue_stop(struct queue *queue, enum queue_shutdown how);

/* Answer putters: nothing enters any more. */
void shutdown_begin(struct queue *queue);

/* Answer those getters of the session. */
void getters_dismiss(struct queue *queue, struct engine_peer *peer, int status);

/* Answer getters to whom nothing can come any more. */
void shutdown_serve(struct queue *queue);

/* ---- options (queue_options.c) ----------------------------------------- */

/* BAD_ARGUMENT, BAD_NAME: no queue of that name can have them. */
int queue_options_check(struct engine *engine, const char *name,
			const struct queue_options *options, struct error *error);

/* OPTION_MISMATCH, naming the first that differs. */
int queue_options_compare(const struct queue *queue, const struct queue_options *asked,
			  struct error *error);

#endif
