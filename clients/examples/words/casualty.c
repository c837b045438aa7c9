#include "examples/words/casualty.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* More than there are workers, by far; one that finds no place goes unmarked. */
enum { PLACES = 1024 };

struct casualty_marks {
	atomic_int pids[PLACES]; /* 0: free */
};

struct casualty_marks *casualty_marks_new(void)
{
	void *memory = mmap(NULL, sizeof(struct casualty_marks), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void casualty_marks_free(struct casualty_marks *marks)
{
	if (marks != NULL)
		munmap(marks, sizeof *marks);
}

/* Replace the first `old` by `new`. */
static void replace(struct casualty_marks *marks, int old, int new)
{
	for (size_t i = 0; marks != NULL && i < PLACES; i++) {
		int expected = old;
		if (atomic_compare_exchange_strong(&marks->pids[i], &expected, new))
			return;
	}
}

void casualty_enter(struct casualty_marks *marks)
{
	replace(marks, 0, getpid());
}

void casualty_leave(struct casualty_marks *marks)
{
	replace(marks, getpid(), 0);
}

bool casualty_in_task(const struct casualty_marks *marks, pid_t worker)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (atomic_load(&marks->pids[i]) == worker)
			return true;
	}
	return false;
}

bool casualty_kill(pid_t worker)
{
	enum { PATIENCE = 5000 };
	int fd = pidfd_open(worker, 0);
	if (fd < 0)
		return false;
	bool killed = pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0;
	/* Readable once it is dead. */
	struct pollfd death = { .fd = fd, .events = POLLIN };
	int ready = 0;
	while (killed && (ready = poll(&death, 1, PATIENCE)) < 0 && errno == EINTR)
		continue;
	close(fd);
	return ready > 0;
}
