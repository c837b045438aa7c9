/* The list of puts that failed late, and the error callbacks that are told of them. */
#include "queue/failed_put.h"

#include "base/within.h"
#include "queue/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct failed_put {
	struct list link; /* in the session */
	struct relevo_queue *queue;
	int status;
	size_t size;
	uint8_t body[];
};

void failed_put_add(struct queue_part *queues, struct relevo_queue *queue,
		    const struct frame *frame)
{
	if (queue == NULL || queue->on_error == NULL)
		return;
	const uint8_t *body = frame->bodies;
	for (size_t i = 0; i < frame->header->n_sizes; i++) {
		size_t size = frame->header->sizes[i];
		struct failed_put *failed = malloc(sizeof *failed + size);
		if (failed == NULL)
			return;
		failed->queue = queue;
		failed->status = (int)frame->header->failure->status;
		failed->size = size;
		memcpy(failed->body, body, size);
		list_append(&queues->failed_puts, &failed->link);
		body += size;
	}
	session_owe_callbacks(queues->part.session);
}

static void failed_put_run_callbacks(struct queue_part *queues)
{
	pthread_mutex_t *lock = &queues->part.session->lock;
	queues->calling_back = true;
	nsec_t before = within_nothing();
	for (struct list *node; (node = list_first(&queues->failed_puts)) != NULL;) {
		struct failed_put *failed = container_of(node, struct failed_put, link);
		list_remove(node);
		pthread_mutex_unlock(lock);
		struct relevo_bytes item = { failed->body, failed->size };
		failed->queue->on_error(failed->queue, failed->status, &item, failed->queue->user);
		free(failed);
		pthread_mutex_lock(lock);
	}
	within_end(before);
	queues->calling_back = false;
	pthread_cond_broadcast(&queues->called_back);
}

int failed_put_tell(struct queue_part *queues, nsec_t deadline, struct error *error)
{
	pthread_mutex_t *lock = &queues->part.session->lock;
	struct timespec time = clock_timespec(deadline);
	while (queues->calling_back || !list_empty(&queues->failed_puts)) {
		if (!queues->calling_back)
			failed_put_run_callbacks(queues);
		else if (deadline == 0 ||
			 pthread_cond_clockwait(&queues->called_back, lock, CLOCK_MONOTONIC,
						&time) == ETIMEDOUT)
			return error_set(error, RELEVO_TIMED_OUT,
					 "an error callback for a put that failed has not "
					 "returned");
	}
	return RELEVO_OK;
}

void failed_put_forget(struct queue_part *queues, struct relevo_queue *queue)
{
	list_for_each (node, &queues->failed_puts) {
		struct failed_put *failed = container_of(node, struct failed_put, link);
		if (failed->queue == queue) {
			list_remove(node);
			free(failed);
		}
	}
	while (queues->calling_back)
		pthread_cond_wait(&queues->called_back, &queues->part.session->lock);
}
