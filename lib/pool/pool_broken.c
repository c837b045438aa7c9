/*
 * Chunks whose worker died, or does not react. It is the fault of one argument at most, so the
 * others do not share its fate: those before it, whose results went with the worker, those
 * behind it, which had not begun, and that one itself are tasks of their own from here on. If
 * nobody knows which it was, each is.
 */
#include "pool/pool_broken.h"

#include "base/mutant.h"

#include <stdio.h>
#include <string.h>

static bool is_missing(const struct broken *broken, uint64_t index, struct job_place *place)
{
	return broken->job->kind->find(broken->job, index, place);
}

static uint64_t end_of(const struct broken *broken)
{
	return broken->first + (broken->count < MOST_IN_CHUNK ? broken->count : MOST_IN_CHUNK);
}

/* Where it may have been run and none may be run twice, its result came before the next was
 * begun: so the first that is missing is the one. */
static bool run_once(const struct broken *broken)
{
	return broken->job->pool->max_attempts == 1 && !MUTANT(begun_is_run_twice);
}

static void find_culprit(struct broken *broken)
{
	struct job_place place;
	uint64_t index = broken->first;
	if (broken->known || !run_once(broken))
		return;
	while (index < end_of(broken) && !is_missing(broken, index, &place))
		index++;
	broken->known = true;
	broken->culprit = index;
}

/* Those in a row from `index` on that are treated alike, none of them with a result. */
static size_t count_alike(const struct broken *broken, uint64_t index)
{
	struct job_place place;
	size_t count = 0;
	if (!broken->known || index == broken->culprit)
		return is_missing(broken, index, &place);
	uint64_t end = index < broken->culprit ? broken->culprit : end_of(broken);
	while (index + count < end && is_missing(broken, index + count, &place))
		count++;
	return count;
}

static int send_again(const struct broken *broken, uint64_t index, size_t count)
{
	struct job_place place;
	bool suspect = !broken->known || index == broken->culprit;
	is_missing(broken, index, &place);
	return job_send(broken->job, &(struct job_task){
					     .first = index,
					     .arguments = place.argument,
					     .count = count,
					     .handed = broken->handed,
					     .deaths = suspect ? 1 : 0,
				     });
}

static int pool_broken_fail(const struct broken *broken, uint64_t index, size_t count)
{
	const struct job_outcome outcome = {
		.status = broken->status,
		.data = broken->text,
		.size = broken->size,
		.attempts = broken->handed,
	};
	int status = RELEVO_OK;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++)
		status = job_settle(broken->job, index + i, broken->worker, &outcome);
	return status;
}

/* Whether those from `index` on are not run again. */
static bool pool_broken_is_final(const struct broken *broken, uint64_t index)
{
	bool culprit = broken->known && index == broken->culprit;
	if (run_once(broken) && (!broken->known || index <= broken->culprit))
		return true;
	return broken->status == RELEVO_TIMED_OUT && culprit;
}

/* How many from `index` on it was about. */
static size_t treat(const struct broken *broken, uint64_t index, int *status)
{
	size_t count = count_alike(broken, index);
	if (count == 0)
		return 1;
	*status = pool_broken_is_final(broken, index) ? pool_broken_fail(broken, index, count)
						      : send_again(broken, index, count);
	return count;
}

int job_mend(struct broken *broken)
{
	int status = RELEVO_OK;
	find_culprit(broken);
	for (uint64_t i = broken->first; i < end_of(broken) && status == RELEVO_OK;)
		i += treat(broken, i, &status);
	return status;
}

int job_take_broken(struct job *job, const Relevo__ResultHeader *header, const uint8_t *text)
{
	struct broken broken = {
		.job = job,
		.worker = header,
		.first = header->first,
		.count = header->broken,
		.handed = header->attempts - 1,
		.known = header->culprit > 0,
		.culprit = header->first + header->culprit - 1,
		.status = header->n_statuses > 0 ? (int)header->statuses[0] : RELEVO_WORKER_DIED,
		.text = text,
		.size = header->sizes[0],
	};
	return job_mend(&broken);
}

int job_take_overdue(struct job *job, const Relevo__TaskHeader *task)
{
	static const Relevo__ResultHeader nobody = RELEVO__RESULT_HEADER__INIT;
	char text[2 * NAME_MAX_BYTES];
	snprintf(text, sizeof text, "\"%s\" took more than %u ms, and its worker does not answer",
		 task->function, task->timeout_ms);
	struct broken broken = {
		.job = job,
		.worker = &nobody,
		.first = task->first,
		.count = (uint32_t)task->n_sizes,
		.handed = task->handed + 1,
		.known = task->n_sizes == 1,
		.culprit = task->first,
		.status = RELEVO_TIMED_OUT,
		.text = (const uint8_t *)text,
		.size = strlen(text),
	};
	return job_mend(&broken);
}
