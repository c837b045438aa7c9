/* How a process that keeps workers hears of their ends. */
#include "worker/worker_signals.h"

#include "base/mutant.h"
#include "os/descriptor.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the handler writes to; -1 when not in use. */
static atomic_int ended_fd = -1;

static void worker_signals_on_end(int number)
{
	int saved = errno;
	uint64_t one = 1;
	(void)number;
	/* A counter too full to be written is readable all the same. */
	ssize_t written = write(atomic_load(&ended_fd), &one, sizeof one);
	(void)written;
	errno = saved;
}

int worker_signals_install(struct worker_signals *signals, struct error *error)
{
	struct sigaction ended = { .sa_handler = worker_signals_on_end,
				   .sa_flags = SA_RESTART | SA_NOCLDSTOP };
	struct sigaction ignored = { .sa_handler = SIG_IGN };
	signals->fd = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (signals->fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no descriptor for the ends of workers");
	atomic_store(&ended_fd, signals->fd);
	sigset_t none;
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGCHLD, &ended, &signals->child_before);
	sigaction(SIGHUP, &ignored, &signals->hangup_before);
	sigaction(SIGQUIT, &ignored, &signals->quit_before);
	return RELEVO_OK;
}

void worker_signals_remove(struct worker_signals *signals)
{
	struct sigaction *child = &signals->child_before;
	if (!MUTANT(ends_ignored)) {
		child->sa_flags &= ~SA_NOCLDWAIT;
		if (child->sa_handler == SIG_IGN)
			child->sa_handler = SIG_DFL;
	}
	sigaction(SIGCHLD, child, NULL);
	sigaction(SIGHUP, &signals->hangup_before, NULL);
	sigaction(SIGQUIT, &signals->quit_before, NULL);
	atomic_store(&ended_fd, -1);
	close(signals->fd);
	signals->fd = -1;
}

void worker_signals_clear(const struct worker_signals *signals)
{
	uint64_t count;
	ssize_t size = read(signals->fd, &count, sizeof count);
	(void)size;
}
