/* What channels of pipes still have to send at the end of the program. */
#include "pipe/last_words.h"

#include "base/mutant.h"
#include "os/thread.h"
#include "session/fork.h"

#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t last_words_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list last_words_kept = { &last_words_kept, &last_words_kept };
static pthread_once_t last_words_once = PTHREAD_ONCE_INIT;
static bool last_words_ready;

static void last_words_before_fork(void)
{
	pthread_mutex_lock(&last_words_lock);
}

static void last_words_after_fork(void)
{
	pthread_mutex_unlock(&last_words_lock);
}

/* A handler of a signal may have ended the program in the very thread that has the lock. */
static void last_words_say(nsec_t deadline)
{
	if (MUTANT(exit_forgets_pipes) || !thread_lock_by(&last_words_lock, deadline))
		return;
	list_for_each (node, &last_words_kept) {
		const struct last_words *words = container_of(node, struct last_words, link);
		if (words->process == getpid())
			channel_drain(words->channel, deadline);
	}
	pthread_mutex_unlock(&last_words_lock);
}

static void last_words_prepare(void)
{
	last_words_ready = fork_flush_also(last_words_say) &&
			   pthread_atfork(last_words_before_fork, last_words_after_fork,
					  last_words_after_fork) == 0;
}

bool last_words_keep(struct last_words *words, struct channel *channel)
{
	pthread_once(&last_words_once, last_words_prepare);
	if (!last_words_ready)
		return false;
	words->channel = channel;
	words->process = getpid();
	pthread_mutex_lock(&last_words_lock);
	list_append(&last_words_kept, &words->link);
	pthread_mutex_unlock(&last_words_lock);
	return true;
}

void last_words_forget(struct last_words *words)
{
	if (words->channel == NULL)
		return;
	pthread_mutex_lock(&last_words_lock);
	list_remove(&words->link);
	pthread_mutex_unlock(&last_words_lock);
}
