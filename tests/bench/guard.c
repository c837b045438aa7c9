/* What processes have in common that outlive the bench to put things in order. */
#include "bench/guard.h"

#include "bench/die.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

enum { KEPT = 200 };

void guard_begin(int *fds, size_t count)
{
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* What is below them, and then what is above. */
	int highest = KEPT;
	for (size_t i = 0; i < count; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, KEPT);
		if (fds[i] < 0)
			die_errno("a descriptor of a guard");
		highest = fds[i] > highest ? fds[i] : highest;
	}
	close_range(STDERR_FILENO + 1, KEPT - 1, 0);
	close_range((unsigned)highest + 1, UINT_MAX, 0);
}
