/* Starting and stopping the broker that is measured. */
#include "bench/fixture.h"

#include "bench/actors.h"
#include "bench/die.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READY_MSEC = 10000 };

static const char *program(void)
{
	const char *chosen = getenv("RELEVO_BROKER");
	return chosen != NULL ? chosen : RELEVOD_EXE;
}

static void become_broker(const char *url, int ready, int lifeline)
{
	char ready_text[16], lifeline_text[16];
	snprintf(ready_text, sizeof ready_text, "%d", ready);
	snprintf(lifeline_text, sizeof lifeline_text, "%d", lifeline);
	fcntl(ready, F_SETFD, 0);
	fcntl(lifeline, F_SETFD, 0);
	execl(program(), "relevod", "--listen", url, "--listen", "tcp://127.0.0.1:0", "--ready-fd",
	      ready_text, "--until-eof", lifeline_text, "--log-level", "error", NULL);
	die_errno(program());
}

/* Its URLs come one a line, all before the end of the stream. */
static void read_urls(struct fixture *fixture, int ready)
{
	char text[sizeof fixture->url + sizeof fixture->tcp_url + 1];
	size_t used = 0;
	for (;;) {
		struct pollfd entry = { .fd = ready, .events = POLLIN };
		if (poll(&entry, 1, READY_MSEC) != 1)
			die("%s is not ready after %d s", program(), READY_MSEC / 1000);
		ssize_t got = read(ready, text + used, sizeof text - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	text[used] = '\0';
	if (sscanf(text, "%127s %127s", fixture->url, fixture->tcp_url) != 2)
		die("%s did not start", program());
}

void fixture_start(struct fixture *fixture)
{
	int ready[2], lifeline[2];
	char url[64];
	snprintf(url, sizeof url, "abstract://relevo-bench-%d", (int)getpid());
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(lifeline, O_CLOEXEC) < 0)
		die_errno("pipe");
	fixture->pid = fork();
	if (fixture->pid < 0)
		die_errno("fork");
	if (fixture->pid == 0) {
		/* Its own copy of the writing end would keep it alive. */
		close(lifeline[1]);
		become_broker(url, ready[1], lifeline[0]);
	}
	close(ready[1]);
	close(lifeline[0]);
	read_urls(fixture, ready[0]);
	close(ready[0]);
	fixture->lifeline = lifeline[1];
}

void fixture_stop(struct fixture *fixture)
{
	close(fixture->lifeline);
	expect_success(fixture->pid, "relevod");
}
