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

void failed_put_note(struct queue_part *queues, struct relevo_queue *queue, int status,
		     const struct relevo_bytes *item)
{
	if (queue->on_error == NULL)
		return;
	struct failed_put *failed = malloc(sizeof *failed + item->size);
	if (failed == NULL)
		return;
	failed->queue = queue;
	failed->status = status;
	failed->size = item->size;
	if (item->size > 0)
		memcpy(failed->body, item->data, item->size);
	list_append(&queues->failed_puts, &failed->link);
	session_owe_callbacks(queues->part.session);
}

void failed_put_add(struct queue_part *queues, struct relevo_queue *queue,
		    const struct frame *frame)
{
	const uint8_t *body = frame->bodies;
	for (size_t i = 0; queue != NULL && i < frame->header->n_sizes; i++) {
		const struct relevo_bytes item = { body, frame->header->sizes[i] };
		failed_put_note(queues, queue, (int)frame->header->failure->status, &item);
		body += item.size;
	}
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
