/* What is remembered of the puts of a client that may come again: they do not enter twice. */
#ifndef STOCK_REPEAT_H
#define STOCK_REPEAT_H

#include "core/client.h"
#include "stock/queue.h"

/*
 * Of each queue and each client that has put to it, the puts that have been accepted, by their
 * sequences, and of what was accepted in part how many items; but none that the client has said
 * is settled, since that one never comes again. A put that was refused is not remembered.
 */
struct repeat;

/* All items of the put are in. */
#define REPEAT_WHOLE UINT32_MAX

/* What is remembered of one put. */
struct repeat_mark {
	const uint8_t *client; /* CLIENT_ID_SIZE bytes */
	uint64_t sequence;
	uint64_t settled;  /* whatever has a lower sequence never comes again */
	uint32_t accepted; /* items, or REPEAT_WHOLE */
};

/* By which a put is known again. */
struct repeat_number {
	uint64_t sequence; /* 0: it will not come again */
	uint64_t settled;
};

/* How many items of such a put of the session are in the queue: REPEAT_WHOLE, and it is not to
 * be done again. */
uint32_t repeat_accepted(const struct queue *queue, const struct engine_peer *peer,
			 uint64_t sequence);

/* The put begins. *repeat is NULL if the session has not said who it is. QUOTA, NO_MEMORY. */
int repeat_begin(struct queue *queue, struct engine_peer *peer, const struct repeat_number *number,
		 struct repeat **repeat, struct error *error);

/* So many of its items are in by now. */
void repeat_accept(struct repeat *repeat, uint64_t sequence, uint32_t accepted);

/* The put has ended, as far as it has come. */
void repeat_end(struct repeat *repeat, uint64_t sequence);

/* Whose it is, CLIENT_ID_SIZE bytes, and which of its puts never come again. */
const uint8_t *repeat_client(const struct repeat *repeat);
uint64_t repeat_settled(const struct repeat *repeat);

/* What is remembered of the queue's puts, mark by mark; they are valid until the callback
 * returns. Nothing may change meanwhile. */
void repeat_visit(const struct queue *queue,
		  void (*visit)(void *context, const struct repeat_mark *mark), void *context);

/* Remember what a record says; one mark may come several times, and in any order. The client
 * counts as seen last at the engine's time. NO_MEMORY: it is not remembered. */
int repeat_restore(struct queue *queue, struct account *account, const struct repeat_mark *mark);

/* Forget one client's of a queue that ends. False: there is none. */
bool repeat_forget_one(struct queue *queue);

#endif
