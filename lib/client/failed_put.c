#include "client/failed_put.h"

#include "client/queue.h"
#include "client/within.h"

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

void failed_put_add(struct relevo_session *session, const struct frame *frame)
{
	const Relevo__Failure *failure = frame->header->failure;
	struct relevo_queue *queue = queue_of_handle(session, failure->queue);
	if (queue == NULL || queue->on_error == NULL)
		return;
	const uint8_t *body = frame->bodies;
	for (size_t i = 0; i < frame->header->n_sizes; i++) {
		size_t size = frame->header->sizes[i];
		struct failed_put *failed = malloc(sizeof *failed + size);
		if (failed == NULL)
			return;
		failed->queue = queue;
		failed->status = (int)failure->status;
		failed->size = size;
		memcpy(failed->body, body, size);
		list_append(&session->failed_puts, &failed->link);
		body += size;
	}
	/* Whoever reads may wait for something else yet. */
	flusher_notify(session);
}

void failed_put_report(struct relevo_session *session)
{
	/* One thread at a time, so that failures are told in order. */
	if (session->reporting)
		return;
	session->reporting = true;
	nsec_t before = within_nothing();
	for (struct list *node; (node = list_first(&session->failed_puts)) != NULL;) {
		struct failed_put *failed = container_of(node, struct failed_put, link);
		list_remove(node);
		pthread_mutex_unlock(&session->lock);
		struct relevo_bytes item = { failed->body, failed->size };
		failed->queue->on_error(failed->queue, failed->status, &item, failed->queue->user);
		free(failed);
		pthread_mutex_lock(&session->lock);
	}
	within_end(before);
	session->reporting = false;
	pthread_cond_broadcast(&session->reported);
}

int failed_put_report_all(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	while (session->reporting || !list_empty(&session->failed_puts)) {
		struct timespec time = clock_timespec(deadline);
		if (!session->reporting)
			failed_put_report(session);
		else if (pthread_cond_clockwait(&session->reported, &session->lock, CLOCK_MONOTONIC,
						&time) == ETIMEDOUT)
			return error_set(
				error, RELEVO_TIMED_OUT,
				"an error callback for a put that failed has not returned");
	}
	return RELEVO_OK;
}

void failed_put_forget(struct relevo_session *session, struct relevo_queue *queue)
{
	list_for_each (node, &session->failed_puts) {
		struct failed_put *failed = container_of(node, struct failed_put, link);
		if (failed->queue == queue) {
			list_remove(node);
			free(failed);
		}
	}
	while (session->reporting)
		pthread_cond_wait(&session->reported, &session->lock);
}
