/* Waiting for the end of a job beside other things: see session/watch.h. */
#include "pool/pool_async.h"

#include <stdlib.h>

static relevo_job *job_of(struct watch *watch)
{
	return watch->object;
}

static int job_watch_begin(struct watch *watch, struct error *error)
{
	relevo_job *job = job_of(watch);
	(void)error;
	pthread_mutex_lock(&job->lock);
	job->watch = watch;
	if (job->told)
		watch_due(watch);
	pthread_mutex_unlock(&job->lock);
	return RELEVO_OK;
}

static enum watch_state job_watch_look(struct watch *watch)
{
	relevo_job *job = job_of(watch);
	pthread_mutex_lock(&job->lock);
	bool told = job->told;
	pthread_mutex_unlock(&job->lock);
	return told ? WATCH_OVER : WATCH_WAITS;
}

static bool job_watch_end(struct watch *watch)
{
	relevo_job *job = job_of(watch);
	pthread_mutex_lock(&job->lock);
	job->watch = NULL;
	pthread_mutex_unlock(&job->lock);
	return false;
}

/* Whoever held its lock is not there. */
static void job_watch_forked(struct watch *watch)
{
	job_of(watch)->watch = NULL;
}

static const struct watch_kind job_watch_kind = {
	.begin = job_watch_begin,
	.look = job_watch_look,
	.end = job_watch_end,
	.forked = job_watch_forked,
};

struct watch *job_watch(relevo_job *job)
{
	struct watch *watch = calloc(1, sizeof *watch);
	if (watch != NULL)
		watch_init(watch, &job_watch_kind, job, &job->watched);
	return watch;
}
