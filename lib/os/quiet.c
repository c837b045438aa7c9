/* System calls that fail without raising a signal. */
#include "os/quiet.h"

#include "base/mutant.h"

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct quiet {
	sigset_t before;  /* the thread's mask */
	sigset_t pending; /* before the call */
};

static void quiet_begin(struct quiet *quiet)
{
	sigset_t held;
	sigemptyset(&held);
	if (!MUTANT(sigpipe_raised))
		sigaddset(&held, SIGPIPE);
	if (!MUTANT(sigxfsz_raised))
		sigaddset(&held, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &held, &quiet->before);
	sigpending(&quiet->pending);
}

static void quiet_take(const struct quiet *quiet, int number)
{
	const struct timespec now = { 0 };
	sigset_t raised;
	if (sigismember(&quiet->pending, number))
		return;
	sigemptyset(&raised);
	sigaddset(&raised, number);
	while (sigtimedwait(&raised, NULL, &now) < 0 && errno == EINTR)
		continue;
}

/* With the result of the call, and errno as that has left it. */
static ssize_t quiet_end(const struct quiet *quiet, ssize_t result)
{
	int why = errno;
	if (result < 0 && why == EPIPE)
		quiet_take(quiet, SIGPIPE);
	if (result < 0 && why == EFBIG)
		quiet_take(quiet, SIGXFSZ);
	pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
	errno = why;
	return result;
}

ssize_t quiet_write(int fd, const void *data, size_t size)
{
	struct quiet quiet;
	quiet_begin(&quiet);
	return quiet_end(&quiet, write(fd, data, size));
}

ssize_t quiet_pwrite(int fd, const void *data, size_t size, off_t offset)
{
	struct quiet quiet;
	quiet_begin(&quiet);
	return quiet_end(&quiet, pwrite(fd, data, size, offset));
}

int quiet_truncate(int fd, off_t size)
{
	struct quiet quiet;
	quiet_begin(&quiet);
	return (int)quiet_end(&quiet, ftruncate(fd, size));
}
