/*
 * Chunks whose worker died. It is the fault of one argument at most, so the others do not
 * share its fate: those before it, whose results went with the worker, those behind it,
 * which had not begun, and that one itself are tasks of their own from here on. If nobody
 * knows which it was, each is.
 */
#include "base/mutant.h"
#include "process/pool_job.h"

/* One chunk that broke. */
struct broken {
	struct job *job;
	const Relevo__ResultHeader *header;
	const uint8_t *text; /* how */
	uint64_t culprit;    /* its index; */
	bool known;          /* if it is known */
};

static bool is_missing(const struct broken *broken, uint64_t index, struct job_place *place)
{
	return broken->job->kind->find(broken->job, index, place);
}

static uint64_t end_of(const struct broken *broken)
{
	uint32_t count = broken->header->broken;
	return broken->header->first + (count < MOST_IN_CHUNK ? count : MOST_IN_CHUNK);
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
	uint64_t index = broken->header->first;
	broken->known = broken->header->culprit > 0;
	broken->culprit = index + broken->header->culprit - 1;
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
					     .handed = broken->header->attempts - 1,
					     .deaths = suspect ? 1 : 0,
				     });
}

static int give_up(const struct broken *broken, uint64_t index, size_t count)
{
	const struct job_outcome died = {
		.status = RELEVO_WORKER_DIED,
		.data = broken->text,
		.size = broken->header->sizes[0],
		.attempts = broken->header->attempts - 1,
	};
	int status = RELEVO_OK;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++)
		status = job_keep(broken->job, index + i, broken->header, &died);
	return status;
}

/* How many from `index` on it was about. */
static size_t treat(const struct broken *broken, uint64_t index, int *status)
{
	size_t count = count_alike(broken, index);
	if (count == 0)
		return 1;
	bool begun = !broken->known || index <= broken->culprit;
	*status = run_once(broken) && begun ? give_up(broken, index, count)
					    : send_again(broken, index, count);
	return count;
}

int job_take_broken(struct job *job, const Relevo__ResultHeader *header, const uint8_t *text)
{
	struct broken broken = { .job = job, .header = header, .text = text };
	int status = RELEVO_OK;
	find_culprit(&broken);
	for (uint64_t i = header->first; i < end_of(&broken) && status == RELEVO_OK;)
		i += treat(&broken, i, &status);
	return status;
}
