/* Ends waits when nobody reads standard output any more. */
#include "cli/reader.h"

#include "cli/failure.h"
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* Ignored by whoever does not wait for it. */
#define WAKE SIGURG

static atomic_int ended; /* what poll(2) said of the output; 0: it is well */
static pthread_t waiting;

static void do_nothing(int number)
{
	(void)number;
}

/* poll(2) tells these unasked. */
static void *watch_output(void *unused)
{
	struct pollfd output = { .fd = STDOUT_FILENO };
	while (poll(&output, 1, -1) < 0 && errno == EINTR)
		continue;
	atomic_store(&ended, output.revents);
	pthread_kill(waiting, WAKE);
	return unused;
}

static bool reader_is_there(void *unused)
{
	(void)unused;
	return atomic_load(&ended) == 0;
}

void reader_watch(struct context *context)
{
	const struct sigaction wake = { .sa_handler = do_nothing };
	sigset_t all, before;
	pthread_t thread;
	waiting = pthread_self();
	sigaction(WAKE, &wake, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, watch_output, NULL) == 0)
		pthread_detach(thread);
	sigdelset(&before, WAKE);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	context->go_on = reader_is_there;
}

int reader_failure(short events)
{
	errno = (events & POLLNVAL) != 0 ? EBADF : EPIPE;
	return output_failure();
}

int reader_interrupted(void)
{
	return reader_failure((short)atomic_load(&ended));
}

int reader_pause(int msec)
{
	struct pollfd output = { .fd = STDOUT_FILENO };
	int ready = poll(&output, 1, msec);
	if (ready < 0 && errno != EINTR)
		return failure_system("waiting");
	return ready > 0 ? reader_failure(output.revents) : EXIT_DONE;
}
