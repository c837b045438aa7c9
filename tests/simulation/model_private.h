#ifndef SIMULATION_MODEL_PRIVATE_H
#define SIMULATION_MODEL_PRIVATE_H

#include "simulation/model.h"

/* ---- items (model_item.c) ----------------------------------------------- */

/* The ready item that is next, or NULL. */
struct model_item *model_next_ready(struct model_queue *queue);

/* The item that the peer holds under that number. */
struct model_item *model_find_lease(struct model *model, uint32_t peer, uint64_t lease,
				    struct model_queue **where);

uint64_t model_count_state(const struct model_queue *queue, enum item_state state);

/* Ready and delayed: what a capacity counts. */
uint64_t model_stock(const struct model_queue *queue);
bool model_has_room(const struct model_queue *queue, uint32_t size);

/* Put a new item behind all others; the session is 0 for one that was moved here. */
void model_append(struct model_queue *queue, const struct model_item *item, uint64_t session);

/* It is gone for good. */
void model_remove(struct model *model, struct model_queue *queue, struct model_item *item);
void model_acknowledge(struct model *model, struct model_queue *queue, struct model_item *item);

/* Its lease has ended: it is back in its place, or nobody is to have it here. */
void model_take_back(struct model *model, struct model_queue *queue, struct model_item *item);
void model_give_back(struct model *model, struct model_queue *queue, struct model_item *item,
		     nsec_t not_before, bool unread);

/* To the dead-letter queue, or nowhere. */
void model_dead_letter(struct model *model, struct model_queue *queue, struct model_item *item);
void model_transfer(struct model *model, struct model_queue *from, struct model_queue *to,
		    struct model_item *item);

/* What is first in turn makes room. False: nothing is there. */
bool model_drop_first(struct model *model, struct model_queue *queue);

/* Those whose time is over leave. */
void model_expire(struct model *model, struct model_queue *queue);

/* ---- ranks (model_order.c) ---------------------------------------------- */

/* The rank of an item that was put with that one. */
uint32_t model_rank(struct model_queue *queue, uint32_t rank, uint64_t session);

/* One of another queue, put with nothing said. */
uint32_t model_rank_moved(const struct model_queue *from, const struct model_queue *to,
			  uint32_t rank);

/* ---- calls and queues (model.c, model_queue.c) --------------------------- */

/* The queue is looked at before the step ends. */
void model_activate(struct model *model, struct model_queue *queue);
void model_settle(struct model *model);

/* Whether the call stands in the line of the queue. */
bool model_waits_on(const struct model_call *call, const struct model_queue *queue);
struct model_call *model_first_waiting(struct model *model, const struct model_queue *queue,
				       enum call_kind kind);
uint64_t model_count_waiting(const struct model *model, const struct model_queue *queue,
			     enum call_kind kind);

/* All calls of that kind that wait on the queue end so. */
void model_dismiss(struct model *model, struct model_queue *queue, enum call_kind kind, int status);

/* Whoever waits does so from now on, or is served or refused at once. */
void model_park(struct model *model, struct model_call *call);
void model_finish(struct model *model, struct model_call *call, int status);

/* A call has left its line. */
void model_gave_up(struct model *model, const struct model_call *call);

struct model_queue *model_find_queue(const struct model *model, uint32_t name);
struct model_queue *model_create(struct model *model, const struct model_opening *opening);
void model_end(struct model *model, struct model_queue *queue);

/* The name of the dead-letter queue, if it has one. */
uint32_t model_dead_letter_name(const struct model_queue *queue);

#endif
