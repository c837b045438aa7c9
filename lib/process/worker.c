#include "process/worker.h"

#include "client/error.h"
#include "client/put_to.h"
#include "client/session.h"
#include "process/registry.h"
#include "process/reply.h"
#include "process/task.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct worker {
	relevo_session *session;
	relevo_queue *tasks;
	char host[HOST_NAME_MAX + 1];
	struct relevo_reply reply;
	struct buffer out; /* the encoded result */
};

/* A task in hand. Its results may leave in several parts, so that a chunk may
 * answer more than fits into one item; the last part acknowledges it. */
struct chunk {
	relevo_item *item;
	Relevo__TaskHeader *task;
	bool given_up;             /* too many workers died of it */
	Relevo__ResultHeader part; /* results not sent yet */
};

/* Bytes of a result's header, at most. */
static size_t header_room(size_t results)
{
	return HOST_NAME_MAX + 64 + 15 * results;
}

/* One argument. What the function said and what it returned must fit together:
 * a failure has a text, and only a success has a result. */
static int run_function(struct worker *worker, const struct function_entry *entry,
			const struct relevo_bytes *argument)
{
	struct relevo_reply *reply = &worker->reply;
	int status = entry->function(argument, reply, entry->user);
	if (status == RELEVO_OK && reply->failed)
		status = RELEVO_REMOTE;
	if (status != RELEVO_OK && !reply->failed)
		relevo_reply_fail(reply, "%s", relevo_error_message(status));
	return status;
}

static int run_argument(struct worker *worker, const struct chunk *chunk,
			const struct relevo_bytes *argument)
{
	struct relevo_reply *reply = &worker->reply;
	const char *name = chunk->task->function;
	struct function_entry entry;
	if (chunk->given_up) {
		relevo_reply_fail(reply, "the workers that ran \"%s\" died, %u times", name,
				  chunk->task->max_attempts);
		return RELEVO_WORKER_DIED;
	}
	if (!registry_find(name, &entry)) {
		relevo_reply_fail(reply, "no function \"%s\" is registered at the worker on %s",
				  name, worker->host);
		return RELEVO_UNKNOWN_FUNCTION;
	}
	int status = run_function(worker, &entry, argument);
	size_t size = reply_size(reply);
	size_t most = relevo_session_max_item(worker->session) - header_room(1);
	if (size <= most)
		return status;
	relevo_reply_fail(reply, "a result of \"%s\" has %zu bytes, more than %zu fit", name, size,
			  most);
	return RELEVO_TOO_LARGE;
}

/* Put the complete results into the caller's queue; the last part acknowledges
 * the task in the same step. Nobody may want them any more: NOT_FOUND. */
static int send_part(struct worker *worker, struct chunk *chunk, bool last)
{
	struct buffer *out = &worker->out;
	struct buffer complete = worker->reply.bodies;
	buffer_truncate(&complete, worker->reply.before);
	buffer_consume(out, buffer_size(out));
	if (!result_encode(out, &chunk->part, &complete))
		return error_set(client_error(), RELEVO_NO_MEMORY, "no memory for a result");
	struct relevo_bytes body = { buffer_data(out), buffer_size(out) };
	int status = put_to(worker->tasks, chunk->task->reply_to, &body, last ? chunk->item : NULL);
	reply_drop_complete(&worker->reply);
	chunk->part.first += chunk->part.n_sizes;
	chunk->part.n_sizes = chunk->part.n_statuses = 0;
	return status;
}

/* Add the result in the making to the part; if they do not fit into one item
 * together, what was complete leaves first. */
static int add_result(struct worker *worker, struct chunk *chunk, int status)
{
	Relevo__ResultHeader *part = &chunk->part;
	size_t total = buffer_size(&worker->reply.bodies) + header_room(part->n_sizes + 1);
	int sent = RELEVO_OK;
	if (part->n_sizes > 0 && total > relevo_session_max_item(worker->session))
		sent = send_part(worker, chunk, false);
	part->sizes[part->n_sizes++] = (uint32_t)reply_size(&worker->reply);
	part->statuses[part->n_statuses++] = (uint32_t)status;
	return sent;
}

static int run_chunk(struct worker *worker, struct chunk *chunk, const uint8_t *bodies)
{
	struct relevo_reply *reply = &worker->reply;
	int status = RELEVO_OK;
	buffer_truncate(&reply->bodies, 0);
	for (size_t i = 0; i < chunk->task->n_sizes && status == RELEVO_OK; i++) {
		struct relevo_bytes argument = { bodies, chunk->task->sizes[i] };
		reply_begin(reply);
		status = add_result(worker, chunk, run_argument(worker, chunk, &argument));
		bodies += argument.size;
	}
	reply_begin(reply);
	if (status == RELEVO_OK)
		status = send_part(worker, chunk, true);
	/* Nobody waits for the results: then the task is done as it is. */
	if (status == RELEVO_NOT_FOUND || status == RELEVO_GONE)
		status = relevo_queue_ack(worker->tasks, chunk->item, 1);
	/* Its lease has ended, and another worker has it. */
	return status == RELEVO_NOT_OWNER ? RELEVO_OK : status;
}

static int run_task(struct worker *worker, relevo_item *item)
{
	const uint8_t *bodies;
	struct error error;
	Relevo__TaskHeader *task = task_decode(item, &bodies, &error);
	/* There is nobody to be told: out of the way with it. */
	if (task == NULL)
		return relevo_queue_ack(worker->tasks, item, 1);
	/* A delivery is an attempt, and the last one allowed is still made. */
	struct chunk chunk = {
		.item = item,
		.task = task,
		.given_up = item->deliveries > task->max_attempts,
		.part = RELEVO__RESULT_HEADER__INIT,
	};
	chunk.part.job = task->job;
	chunk.part.first = task->first;
	chunk.part.attempts = chunk.given_up ? task->max_attempts : item->deliveries;
	chunk.part.pid = (uint64_t)getpid();
	chunk.part.host = worker->host;
	chunk.part.statuses = calloc(task->n_sizes + 1, sizeof *chunk.part.statuses);
	chunk.part.sizes = calloc(task->n_sizes + 1, sizeof *chunk.part.sizes);
	int status = RELEVO_NO_MEMORY;
	if (chunk.part.statuses != NULL && chunk.part.sizes != NULL)
		status = run_chunk(worker, &chunk, bodies);
	free(chunk.part.statuses);
	free(chunk.part.sizes);
	task_free(task);
	return status;
}

/* OK when there is no more to do. */
static int serve(struct worker *worker)
{
	int status = RELEVO_OK;
	while (status == RELEVO_OK) {
		relevo_item item;
		size_t got;
		status = relevo_queue_lease(worker->tasks, &item, 1, RELEVO_FOREVER, &got);
		if (status != RELEVO_OK)
			break;
		status = run_task(worker, &item);
		relevo_item_free(&item);
	}
	return status == RELEVO_GONE || status == RELEVO_INTERRUPTED ? RELEVO_OK : status;
}

static int open_worker(struct worker *worker, const char *url, const char *queue, int wake_fd)
{
	struct relevo_session_options session_options = { .name = "worker" };
	struct relevo_queue_options queue_options = { .mode = RELEVO_OPEN_EXISTING };
	int status = relevo_open(url, &session_options, &worker->session);
	if (status != RELEVO_OK)
		return status;
	worker->session->wake_fd = wake_fd;
	gethostname(worker->host, sizeof worker->host - 1);
	return relevo_queue_open(worker->session, queue, &queue_options, &worker->tasks);
}

int worker_run(const char *url, const char *queue, int wake_fd, struct error *error)
{
	struct worker worker = { 0 };
	int status = open_worker(&worker, url, queue, wake_fd);
	if (status == RELEVO_OK)
		status = serve(&worker);
	if (status != RELEVO_OK)
		error_set(error, status, "%s", relevo_error_detail());
	if (worker.session != NULL)
		worker.session->wake_fd = -1;
	relevo_queue_close(worker.tasks);
	relevo_close(worker.session);
	buffer_fini(&worker.reply.bodies);
	buffer_fini(&worker.out);
	return status;
}
