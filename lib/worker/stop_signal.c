/* SIGTERM and SIGINT as a descriptor: see stop_signal.h. */
#include "worker/stop_signal.h"

#include "base/mutant.h"
#include "os/descriptor.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* What the handler writes to; -1 when not in use. */
static atomic_int signalled_fd = -1;

static atomic_bool has_come;

/* What stood before, and whose signals these are: a process that this one forks has its handlers,
 * but its signals are not for this one. */
static struct sigaction terminate_before;
static struct sigaction interrupt_before;
static pid_t owner;

bool stop_signal_has_come(void)
{
	return atomic_load_explicit(&has_come, memory_order_relaxed);
}

static void put_handlers_back(void)
{
	sigaction(SIGTERM, &terminate_before, NULL);
	sigaction(SIGINT, &interrupt_before, NULL);
	atomic_store(&signalled_fd, -1);
}

static void stop_signal_on_signal(int number)
{
	int saved = errno;
	uint64_t one = 1;
	if (getpid() != owner && !MUTANT(copies_keep_handlers)) {
		/* A child that has not come to leave() yet: it gets the signal once more. */
		put_handlers_back();
		raise(number);
	} else {
		atomic_store(&has_come, true);
		int fd = atomic_load(&signalled_fd);
		/* A counter too full to be written is readable all the same. */
		ssize_t written = fd >= 0 ? write(fd, &one, sizeof one) : 0;
		(void)written;
	}
	errno = saved;
}

/* In a child by fork(2): signals do to it what they did before. */
static void stop_signal_leave(void)
{
	if (atomic_load(&signalled_fd) >= 0 && !MUTANT(copies_keep_handlers))
		put_handlers_back();
	atomic_store(&has_come, false);
}

static void leave_in_children(void)
{
	pthread_atfork(NULL, NULL, stop_signal_leave);
}

int stop_signal_install(struct stop_signal *wake, struct error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int unused = -1;
	wake->fd = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (wake->fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for signals");
	if (!atomic_compare_exchange_strong(&signalled_fd, &unused, wake->fd)) {
		close(wake->fd);
		return error_set(error, RELEVO_BAD_STATE, "this process serves a pool already");
	}
	pthread_once(&once, leave_in_children);
	atomic_store(&has_come, false);
	owner = getpid();
	struct sigaction action = { .sa_handler = stop_signal_on_signal, .sa_flags = SA_RESTART };
	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, &wake->terminate_before);
	sigaction(SIGINT, &action, &wake->interrupt_before);
	terminate_before = wake->terminate_before;
	interrupt_before = wake->interrupt_before;
	return RELEVO_OK;
}

void stop_signal_remove(struct stop_signal *wake)
{
	sigaction(SIGTERM, &wake->terminate_before, NULL);
	sigaction(SIGINT, &wake->interrupt_before, NULL);
	atomic_store(&signalled_fd, -1);
	close(wake->fd);
	wake->fd = -1;
}

static void change_mask(int how, sigset_t *before)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(how, &signals, before);
}

void stop_signal_hold(sigset_t *before)
{
	change_mask(SIG_BLOCK, before);
}

void stop_signal_admit(sigset_t *before)
{
	change_mask(SIG_UNBLOCK, before);
}

void stop_signal_release(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

unsigned stop_signal_clear(const struct stop_signal *wake)
{
	uint64_t count;
	if (read(wake->fd, &count, sizeof count) != sizeof count)
		return 0;
	return (unsigned)count;
}
