#ifndef QUEUES_QUEUE_OPTIONS_H
#define QUEUES_QUEUE_OPTIONS_H

#include "stock/queue.h"

/* BAD_ARGUMENT, BAD_NAME, NOT_DURABLE: no queue of that name can have them. */
int queue_options_check(struct engine *engine, const char *name,
			const struct queue_options *options, struct error *error);

/* OPTION_MISMATCH, naming the first that differs. */
int queue_options_compare(const struct queue *queue, const struct queue_options *asked,
			  struct error *error);

#endif
