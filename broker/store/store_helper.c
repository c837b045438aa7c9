/* The thread for what may take its time. */
#include "store/store_helper.h"

#include "os/thread.h"

#include <stddef.h>

enum { STACK_SIZE = 256 * 1024 };

int store_thread_start(pthread_t *thread, void *(*run)(void *), void *argument)
{
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	int failure = thread_start(thread, &attributes, run, argument);
	pthread_attr_destroy(&attributes);
	return failure;
}

void store_helper_init(struct store_helper *helper)
{
	*helper = (struct store_helper){ .runs = false };
	pthread_mutex_init(&helper->lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&helper->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	helper->end = &helper->first;
}

/* Under the lock: until something is added, or the time of the late job has come. */
static void helper_wait(struct store_helper *helper)
{
	const struct timespec until = clock_timespec(helper->late != NULL ? helper->late_at : 0);
	if (helper->late == NULL)
		pthread_cond_wait(&helper->changed, &helper->lock);
	else
		pthread_cond_timedwait(&helper->changed, &helper->lock, &until);
}

static struct store_job *helper_take_late(struct store_helper *helper)
{
	struct store_job *job = helper->late;
	if (job == NULL || helper->stopping || clock_now() < helper->late_at)
		return NULL;
	helper->late = NULL;
	return job;
}

/* The next job; NULL: there is none, and will be none. */
static struct store_job *helper_next(struct store_helper *helper)
{
	struct store_job *job = NULL;
	pthread_mutex_lock(&helper->lock);
	while (helper->first == NULL && !helper->stopping &&
	       (job = helper_take_late(helper)) == NULL)
		helper_wait(helper);
	if (job == NULL && (job = helper->first) != NULL)
		helper->first = job->next;
	if (helper->first == NULL)
		helper->end = &helper->first;
	pthread_mutex_unlock(&helper->lock);
	return job;
}

static void *helper_serve(void *argument)
{
	struct store_helper *helper = argument;
	struct store_job *job;
	while ((job = helper_next(helper)) != NULL)
		job->run(job);
	return NULL;
}

int store_helper_start(struct store_helper *helper)
{
	int failure = store_thread_start(&helper->thread, helper_serve, helper);
	helper->runs = failure == 0;
	return failure;
}

void store_helper_add(struct store_helper *helper, struct store_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&helper->lock);
	*helper->end = job;
	helper->end = &job->next;
	pthread_cond_signal(&helper->changed);
	pthread_mutex_unlock(&helper->lock);
}

void store_helper_add_late(struct store_helper *helper, struct store_job *job, nsec_t when)
{
	pthread_mutex_lock(&helper->lock);
	helper->late = job;
	helper->late_at = when;
	pthread_cond_signal(&helper->changed);
	pthread_mutex_unlock(&helper->lock);
}

bool store_helper_stopping(struct store_helper *helper)
{
	pthread_mutex_lock(&helper->lock);
	bool stopping = helper->stopping;
	pthread_mutex_unlock(&helper->lock);
	return stopping;
}

void store_helper_stop(struct store_helper *helper)
{
	pthread_mutex_lock(&helper->lock);
	helper->stopping = true;
	pthread_cond_signal(&helper->changed);
	pthread_mutex_unlock(&helper->lock);
	if (helper->runs)
		pthread_join(helper->thread, NULL);
	else
		helper_serve(helper);
	helper->runs = false;
}

void store_helper_fini(struct store_helper *helper)
{
	pthread_cond_destroy(&helper->changed);
	pthread_mutex_destroy(&helper->lock);
}
