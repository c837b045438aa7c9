/* Starting the processes of a measurement at one moment, and timing them. */
#include "bench/actors.h"

#include "base/clock.h"
#include "bench/die.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* No measurement takes as long: something hangs. */
enum { PATIENCE_MSEC = 60000 };

struct actor {
	pid_t pid;
	int gate; /* to the parent, and in the parent to the actor */
};

void end_with_parent(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

void expect_success(pid_t pid, const char *what)
{
	int status;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			die_errno("waitpid");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("%s failed", what);
}

/* ---- in the actor ----------------------------------------------------- */

void actor_ready(struct actor *self)
{
	char signal = 0;
	if (write(self->gate, &signal, 1) != 1 || read(self->gate, &signal, 1) != 1)
		die("the start of the measurement is lost");
}

void actor_done(struct actor *self)
{
	nsec_t now = clock_now();
	if (write(self->gate, &now, sizeof now) != sizeof now)
		die("the end of the measurement is lost");
}

/* ---- in the parent ---------------------------------------------------- */

static void start(struct actor *actor, const struct role *role)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		die_errno("socketpair");
	pid_t parent = getpid();
	fflush(NULL);
	actor->pid = fork();
	if (actor->pid < 0)
		die_errno("fork");
	if (actor->pid == 0) {
		end_with_parent(parent);
		close(ends[0]);
		struct actor self = { .gate = ends[1] };
		role->play(&self, role->context);
		_exit(0);
	}
	close(ends[1]);
	actor->gate = ends[0];
}

/* A message from each actor, in the order in which they come. */
static void hear_all(struct actor *actors, int count, nsec_t *last)
{
	struct pollfd gates[MOST_ACTORS];
	for (int i = 0; i < count; i++)
		gates[i] = (struct pollfd){ .fd = actors[i].gate, .events = POLLIN };
	for (int left = count; left > 0;) {
		if (poll(gates, (nfds_t)count, PATIENCE_MSEC) <= 0)
			die("a measurement has not ended after %d s", PATIENCE_MSEC / 1000);
		for (int i = 0; i < count; i++) {
			nsec_t message = 0;
			if (gates[i].revents == 0)
				continue;
			if (read(gates[i].fd, &message, sizeof message) <= 0)
				die("a process of the measurement has ended early");
			*last = message > *last ? message : *last;
			gates[i].fd = -1; /* poll() passes over it */
			left--;
		}
	}
}

double actors_run(const struct role *roles, int count)
{
	struct actor actors[MOST_ACTORS];
	for (int i = 0; i < count; i++)
		start(&actors[i], &roles[i]);
	nsec_t begin, end = 0;
	hear_all(actors, count, &end);
	begin = clock_now();
	for (int i = 0; i < count; i++) {
		if (write(actors[i].gate, "", 1) != 1)
			die_errno("the start of the measurement");
	}
	hear_all(actors, count, &end);
	for (int i = 0; i < count; i++) {
		close(actors[i].gate);
		expect_success(actors[i].pid, "a process of the measurement");
	}
	return (double)(end - begin) / (double)NSEC_PER_SEC;
}
