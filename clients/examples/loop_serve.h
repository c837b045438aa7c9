#ifndef LOOP_SERVE_H
#define LOOP_SERVE_H

#include "loop_things.h"

/* What these examples do once the descriptor of the poller is readable: serve all that is ready. */

static inline void things_print_items(struct things *things)
{
	relevo_item item;
	while (relevo_queue_get(things->queue, 0, &item) == RELEVO_OK) {
		printf("an item: %s\n", (char *)item.data);
		relevo_item_free(&item);
	}
}

static inline void things_print_result(struct things *things)
{
	const struct relevo_result *results;
	int number;
	must(relevo_job_get(things->job, 0, &results, NULL));
	memcpy(&number, results[0].data, sizeof number);
	printf("a result: %d\n", number);
}

/* The queue is told again while there are items, the others once. */
static inline void things_serve_one(struct things *things, const struct relevo_ready *ready)
{
	if (ready->what == RELEVO_WAIT_FOR_QUEUE && ready->status == RELEVO_OK) {
		things_print_items(things);
		return;
	}
	things->left--;
	if (ready->what == RELEVO_WAIT_FOR_QUEUE) {
		printf("no more items: %s\n", relevo_error_name(ready->status));
		return;
	}
	must(ready->status);
	if (ready->what == RELEVO_WAIT_FOR_JOB) {
		things_print_result(things);
	} else {
		printf("the lock is held\n");
		must(relevo_lock_release(things->lock));
	}
}

static inline void things_serve(struct things *things)
{
	struct relevo_ready ready[8];
	size_t count;
	int status = relevo_poller_wait(things->poller, 0, ready, 8, &count);
	/* It may have been something else that was readable. */
	if (status != RELEVO_TIMED_OUT)
		must(status);
	for (size_t i = 0; i < count; i++)
		things_serve_one(things, &ready[i]);
}

#endif
