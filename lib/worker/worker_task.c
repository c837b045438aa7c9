/* Running one task: the chunk's functions, its results in parts, and its acknowledgement. */
#include "worker/worker_task.h"

#include "base/mutant.h"
#include "base/thread_error.h"
#include "queue/put_to.h"
#include "queue/queue.h"
#include "session/session.h"
#include "worker/stop_signal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a result's header, at most. */
static size_t header_room(size_t results)
{
	return HOST_NAME_MAX + 64 + 15 * results;
}

/* None of its arguments may be run twice. */
static bool is_run_once(const Relevo__TaskHeader *task)
{
	return task->max_attempts == 1;
}

/*
 * The last part need not be waited for: should it be lost, because this worker dies of one
 * of the tasks that follow within a millisecond, the task is run again, and then it is
 * waited for. With it the broker hears that the next task is begun.
 */
static int worker_task_send_encoded(struct worker *worker, const struct chunk *chunk,
				    relevo_item *done)
{
	struct relevo_bytes body = { buffer_data(&worker->out), buffer_size(&worker->out) };
	struct put_done what = { .item = done };
	if (is_run_once(chunk->task) && !MUTANT(lost_goes_on))
		what.held = chunk->item;
	if (done != NULL && worker->plan.max_tasks == 0 && !worker->ending &&
	    !stop_signal_has_come() && queue_take_to_work_on(worker->tasks, &worker->next))
		what.begin = worker->next.lease;
	if (done == NULL || chunk->careful)
		return put_to(worker->tasks, chunk->task->reply_to, &body, &what);
	return put_to_quietly(worker->tasks, chunk->task->reply_to, &body, &what);
}

/* Put the complete results into the caller's queue; the last part acknowledges
 * the task in the same step. Nobody may want them any more: NOT_FOUND. */
static int worker_task_send_part(struct worker *worker, struct chunk *chunk, bool last)
{
	struct buffer *out = &worker->out;
	struct buffer complete = worker->reply.bodies;
	buffer_truncate(&complete, worker->reply.before);
	buffer_consume(out, buffer_size(out));
	if (!result_encode(out, &chunk->part, &complete))
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a result");
	int status = worker_task_send_encoded(worker, chunk, last ? chunk->item : NULL);
	task_reply_drop_complete(&worker->reply);
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
		sent = worker_task_send_part(worker, chunk, false);
	part->sizes[part->n_sizes++] = (uint32_t)task_reply_size(&worker->reply);
	part->statuses[part->n_statuses++] = (uint32_t)status;
	return sent;
}

/* Nobody waits for the results: then the task is done as it is. */
static int worker_task_settle(struct worker *worker, struct chunk *chunk, int status)
{
	if (status == RELEVO_NOT_FOUND || status == RELEVO_GONE)
		status = relevo_queue_ack(worker->tasks, chunk->item, 1);
	/* Its lease has ended, and another worker has it. */
	return status == RELEVO_NOT_OWNER ? RELEVO_OK : status;
}

/* How it was broken, for the caller, who decides what is run again. */
static int return_broken(struct worker *worker, struct chunk *chunk)
{
	struct relevo_reply *reply = &worker->reply;
	buffer_truncate(&reply->bodies, 0);
	task_reply_begin(reply);
	int outcome = worker_function_tell_death(worker, chunk);
	chunk->part.broken = (uint32_t)chunk->task->n_sizes;
	chunk->part.statuses[chunk->part.n_statuses++] = (uint32_t)outcome;
	chunk->part.sizes[chunk->part.n_sizes++] = (uint32_t)task_reply_size(reply);
	task_reply_begin(reply);
	return worker_task_settle(worker, chunk, worker_task_send_part(worker, chunk, true));
}

/* What has been run and may not be run again is the caller's before the next is begun; and that
 * is begun only as long as nobody else has it. */
static int after_one(struct worker *worker, struct chunk *chunk, int status)
{
	status = add_result(worker, chunk, status);
	if (status != RELEVO_OK || !is_run_once(chunk->task) ||
	    chunk->index + 1 == chunk->task->n_sizes)
		return status;
	task_reply_begin(&worker->reply);
	status = worker_task_send_part(worker, chunk, false);
	if (status != RELEVO_OK || chunk->task->timeout_ms == 0 || MUTANT(late_goes_on))
		return status;
	return relevo_queue_extend(worker->tasks, chunk->item, 1, 0);
}

static int run_chunk(struct worker *worker, struct chunk *chunk)
{
	struct relevo_reply *reply = &worker->reply;
	int status = RELEVO_OK;
	buffer_truncate(&reply->bodies, 0);
	for (; chunk->index < chunk->task->n_sizes && status == RELEVO_OK; chunk->index++) {
		task_reply_begin(reply);
		worker_slot_at(worker->setup->slot, (unsigned)chunk->index);
		status = after_one(worker, chunk, worker_function_run(worker, chunk));
		chunk->body += chunk->task->sizes[chunk->index];
		worker_table_progress(worker->setup->table);
	}
	task_reply_begin(reply);
	if (status == RELEVO_OK)
		status = worker_task_send_part(worker, chunk, true);
	return worker_task_settle(worker, chunk, status);
}

/* A delivery is an attempt, and the last one allowed is still made. A worker that dies
 * within a millisecond may do so before the broker hears that it began: then its group
 * knows. */
static uint32_t count_attempts(const struct worker *worker, const struct chunk *chunk)
{
	uint32_t deaths = worker_table_count(worker->setup->table, &chunk->mark);
	return chunk->item->deliveries > deaths ? chunk->item->deliveries : deaths + 1;
}

static void make_mark(struct task_mark *mark, const Relevo__TaskHeader *task)
{
	size_t length = strnlen(task->reply_to, NAME_MAX_BYTES);
	memcpy(mark->reply_to, task->reply_to, length);
	mark->reply_to[length] = '\0';
	mark->job = task->job;
	mark->first = task->first;
	mark->handed = task->handed;
}

static int begin_chunk(struct worker *worker, struct chunk *chunk, struct arena *arena)
{
	const Relevo__TaskHeader *task = chunk->task;
	make_mark(&chunk->mark, task);
	uint32_t attempts = count_attempts(worker, chunk);
	uint32_t runs = attempts + task->deaths;
	chunk->known = attempts > 1 &&
		       worker_table_find(worker->setup->table, &chunk->mark, &chunk->death);
	chunk->broken = attempts > 1 && task->n_sizes > 1 && !MUTANT(chunks_die_whole);
	chunk->given_up =
		(runs > task->max_attempts && !MUTANT(deaths_without_end)) || chunk->death.overdue;
	chunk->careful =
		runs > 1 || is_run_once(task) || worker->plan.never_twice || task->timeout_ms > 0;
	/* Nothing is lost with a worker that may be about to die. */
	if (chunk->careful)
		relevo_session_flush(worker->session, RELEVO_FOREVER);
	chunk->part = (Relevo__ResultHeader)RELEVO__RESULT_HEADER__INIT;
	chunk->part.job = task->job;
	chunk->part.first = task->first;
	if (chunk->death.overdue && !chunk->broken)
		attempts--;
	else if (chunk->given_up && !chunk->broken)
		attempts = task->max_attempts - task->deaths;
	chunk->part.attempts = task->handed + attempts;
	chunk->part.pid = (uint64_t)worker->pid;
	chunk->part.host = worker->host;
	chunk->part.statuses =
		arena_alloc(arena, (task->n_sizes + 1) * sizeof *chunk->part.statuses);
	chunk->part.sizes = arena_alloc(arena, (task->n_sizes + 1) * sizeof *chunk->part.sizes);
	if (chunk->part.statuses == NULL || chunk->part.sizes == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a task");
	/* A task that is given up here was another's death. */
	if (!chunk->given_up && !chunk->broken)
		worker_slot_begin(worker->setup->slot, &chunk->mark);
	return RELEVO_OK;
}

/*
 * What earlier tasks have left behind (open descriptors, memory) may leave too little to watch
 * another one. That is not its fault: it goes back as if nobody had had it, and this worker ends
 * for a new one. Where a new one has too little, too, the task fails (worker_function_run()).
 */
static int worker_task_prepare(struct worker *worker, struct chunk *chunk)
{
	struct error failure = { 0 };
	if (!worker->used || MUTANT(shortage_is_the_tasks) ||
	    worker_function_prepare(worker, chunk->task, &failure) == RELEVO_OK)
		return RELEVO_OK;
	relevo_queue_put_back(worker->tasks, chunk->item, 1);
	return error_set(thread_error(), failure.status, "%s", error_text(&failure));
}

static int worker_task_run_decoded(struct worker *worker, struct chunk *chunk, struct arena *arena)
{
	int status = worker_task_prepare(worker, chunk);
	if (status != RELEVO_OK)
		return status;
	status = begin_chunk(worker, chunk, arena);
	worker->chunk = chunk;
	if (status == RELEVO_OK)
		status = chunk->broken ? return_broken(worker, chunk) : run_chunk(worker, chunk);
	worker->chunk = NULL;
	worker_slot_done(worker->setup->slot);
	worker->used = true;
	return status;
}

int worker_task_run(struct worker *worker, relevo_item *item)
{
	struct error error;
	struct task_room room;
	struct chunk chunk = { .item = item };
	task_room_init(&room);
	chunk.task = task_decode(item, &room, &chunk.body, &error);
	/* There is nobody to be told: out of the way with it. */
	int status = chunk.task != NULL ? worker_task_run_decoded(worker, &chunk, &room.arena)
					: relevo_queue_ack(worker->tasks, item, 1);
	task_room_fini(&room);
	return status;
}

/* ---- answered by the watcher -------------------------------------------- */

/*
 * Only the argument that runs is to blame, and those behind it are run by others. The caller hears
 * of both in one step, and sends those again: if the lease has ended meanwhile it has done so
 * already, and nothing is run twice. The results before it are the caller's first.
 */
static int worker_task_blame(struct worker *worker, struct chunk *chunk, int status,
			     const char *text)
{
	struct relevo_reply *reply = &worker->reply;
	int sent = RELEVO_OK;
	if (chunk->part.n_sizes > 0)
		sent = worker_task_send_part(worker, chunk, false);
	if (sent != RELEVO_OK)
		return sent;
	if (!task_reply_put(reply, text, strlen(text), true))
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a result");
	chunk->part.broken = (uint32_t)(chunk->task->n_sizes - chunk->index);
	chunk->part.culprit = 1;
	chunk->part.attempts++;
	chunk->part.statuses[chunk->part.n_statuses++] = (uint32_t)status;
	chunk->part.sizes[chunk->part.n_sizes++] = (uint32_t)task_reply_size(reply);
	task_reply_begin(reply);
	return worker_task_send_part(worker, chunk, true);
}

/* All that are left have the same outcome. */
static int worker_task_end_rest(struct worker *worker, struct chunk *chunk, int status,
				const char *text)
{
	struct relevo_reply *reply = &worker->reply;
	int sent = RELEVO_OK;
	for (; chunk->index < chunk->task->n_sizes && sent == RELEVO_OK; chunk->index++) {
		if (!task_reply_put(reply, text, strlen(text), true))
			return error_set(thread_error(), RELEVO_NO_MEMORY,
					 "no memory for a result");
		sent = add_result(worker, chunk, status);
		task_reply_begin(reply);
	}
	return sent == RELEVO_OK ? worker_task_send_part(worker, chunk, true) : sent;
}

void worker_task_give_up(struct worker *worker, int status, bool only_it, const char *text)
{
	struct chunk *chunk = worker->chunk;
	bool others = chunk->index + 1 < chunk->task->n_sizes;
	chunk->careful = true;
	worker->ending = true;
	int sent = only_it && others ? worker_task_blame(worker, chunk, status, text)
				     : worker_task_end_rest(worker, chunk, status, text);
	worker_task_settle(worker, chunk, sent);
}
