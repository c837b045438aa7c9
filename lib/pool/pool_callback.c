/* The thread that calls the user's callbacks: see pool_callback.h. */
#include "pool/pool_callback.h"

#include "os/thread.h"
#include "pool/pool_async.h"

#include <stdlib.h>

void callbacks_init(struct callbacks *callbacks)
{
	pthread_mutex_init(&callbacks->lock, NULL);
	pthread_cond_init(&callbacks->changed, NULL);
	list_init(&callbacks->notes);
}

static struct note *pool_callback_next(struct callbacks *callbacks)
{
	struct list *node;
	pthread_mutex_lock(&callbacks->lock);
	while ((node = list_first(&callbacks->notes)) == NULL && !callbacks->stop)
		pthread_cond_wait(&callbacks->changed, &callbacks->lock);
	if (node != NULL)
		list_remove(node);
	pthread_mutex_unlock(&callbacks->lock);
	return node != NULL ? container_of(node, struct note, link) : NULL;
}

static void *pool_callback_run(void *argument)
{
	struct callbacks *callbacks = argument;
	for (struct note *note; (note = pool_callback_next(callbacks)) != NULL;) {
		async_call(note->job, note);
		free(note);
	}
	return NULL;
}

int callbacks_start(struct callbacks *callbacks, struct error *error)
{
	int number = 0;
	pthread_mutex_lock(&callbacks->lock);
	if (!callbacks->started) {
		number = thread_start(&callbacks->thread, NULL, pool_callback_run, callbacks);
		callbacks->started = number == 0;
	}
	pthread_mutex_unlock(&callbacks->lock);
	return number == 0
		       ? RELEVO_OK
		       : error_set_process(error, number, "no thread for callbacks of the pool");
}

void callbacks_add(struct callbacks *callbacks, struct note *note)
{
	pthread_mutex_lock(&callbacks->lock);
	list_append(&callbacks->notes, &note->link);
	pthread_cond_signal(&callbacks->changed);
	pthread_mutex_unlock(&callbacks->lock);
}

bool callbacks_here(struct callbacks *callbacks)
{
	pthread_mutex_lock(&callbacks->lock);
	bool here = callbacks->started && pthread_equal(callbacks->thread, pthread_self());
	pthread_mutex_unlock(&callbacks->lock);
	return here;
}

void callbacks_fini(struct callbacks *callbacks)
{
	pthread_mutex_lock(&callbacks->lock);
	bool started = callbacks->started;
	callbacks->stop = true;
	pthread_cond_signal(&callbacks->changed);
	pthread_mutex_unlock(&callbacks->lock);
	if (started)
		pthread_join(callbacks->thread, NULL);
	pthread_cond_destroy(&callbacks->changed);
	pthread_mutex_destroy(&callbacks->lock);
}
