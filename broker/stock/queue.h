#ifndef STOCK_QUEUE_H
#define STOCK_QUEUE_H

#include "core/core.h"
#include "stock/options.h"
#include "stock/stock.h"

/*
 * A queue lives as long as it has a name, and its memory as long as handles or
 * waiters refer to it after that.
 */
struct queue {
	struct map_node node; /* in engine->queues, until it is deleted */
	struct engine *engine;
	struct account *account; /* who pays for it */
	struct queue_options options;
	uint64_t key;
	uint32_t references; /* its name, handles, waiters, whoever works on it */
	uint32_t handles;
	uint32_t silent_handles; /* of these, of sessions that only hold it */
	bool deleted;
	struct list in_owner;   /* if it ends with the session that created it */
	struct active active;   /* see queue_settle.h */
	struct list put_off;    /* waiters to be refused when it has */
	struct work ending;     /* once it is deleted */
	struct heap_node timer; /* in engine->queue_timers, while items are delayed */

	struct stock stock;
	struct list leases; /* items that sessions hold */
	struct list *same;  /* the last of the first of them that are one session's; see lease.h */
	uint64_t leased;
	struct list getters; /* waiting calls, in order of arrival */
	struct list putters;
	struct list joiners;   /* calls that wait until nothing is left */
	struct list followers; /* and those that wait until it is gone itself */
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
	struct map repeats;         /* see repeat.h */
	uint32_t round;             /* of a fair queue: the rank handed out last */
	struct engine_peer *holder; /* who has it to itself, if it is exclusive */
	enum queue_shutdown shutdown;

	uint64_t last_sequence;
	uint64_t bytes; /* of bodies in stock and leased */
	uint64_t put, acknowledged, redelivered;
	uint64_t expired, dropped, dead_lettered, duplicates;
	char name[]; /* behind it, the name of its dead-letter queue */
};

#endif
