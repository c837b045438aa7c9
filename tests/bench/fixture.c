/* Starting and stopping the broker that is measured. */
#include "bench/fixture.h"

#include "bench/actors.h"
#include "bench/die.h"
#include "bench/folder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What was there before is read first, if it is much. */
enum { READY_MSEC = 300000 };

static const char *program(void)
{
	const char *chosen = getenv("RELEVO_BROKER");
	return chosen != NULL ? chosen : RELEVOD_EXE;
}

struct plan {
	const char *url;
	const char *data, *max_memory; /* NULL: neither */
};

static const char *number(char text[16], int value)
{
	snprintf(text, 16, "%d", value);
	return text;
}

static void become_broker(const struct plan *plan, int ready, int lifeline)
{
	char ready_text[16], lifeline_text[16];
	const char *words[20] = { "relevod",
				  "--listen",
				  plan->url,
				  "--listen",
				  "tcp://127.0.0.1:0",
				  "--ready-fd",
				  number(ready_text, ready),
				  "--until-eof",
				  number(lifeline_text, lifeline),
				  "--log-level",
				  "error" };
	const char **more = &words[11];
	if (plan->data != NULL) {
		*more++ = "--data";
		*more++ = plan->data;
		fcntl(folder_lifeline(), F_SETFD, 0);
	}
	if (plan->max_memory != NULL) {
		*more++ = "--max-memory";
		*more++ = plan->max_memory;
	}
	fcntl(ready, F_SETFD, 0);
	fcntl(lifeline, F_SETFD, 0);
	execv(program(), (char **)words);
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

static void start(struct fixture *fixture, const struct plan *plan)
{
	int ready[2], lifeline[2];
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(lifeline, O_CLOEXEC) < 0)
		die_errno("pipe");
	fixture->pid = fork();
	if (fixture->pid < 0)
		die_errno("fork");
	if (fixture->pid == 0) {
		/* Its own copy of the writing end would keep it alive. */
		close(lifeline[1]);
		become_broker(plan, ready[1], lifeline[0]);
	}
	close(ready[1]);
	close(lifeline[0]);
	read_urls(fixture, ready[0]);
	close(ready[0]);
	fixture->lifeline = lifeline[1];
}

void fixture_start(struct fixture *fixture)
{
	char url[64];
	snprintf(url, sizeof url, "abstract://relevo-bench-%d", (int)getpid());
	start(fixture, &(struct plan){ .url = url });
}

void fixture_start_durable(struct fixture *fixture, const char *data, const char *max_memory)
{
	/* There may be several. */
	static int number;
	char url[64];
	snprintf(url, sizeof url, "abstract://relevo-bench-%d-%d", (int)getpid(), number++);
	start(fixture, &(struct plan){ url, data, max_memory });
}

void fixture_kill(struct fixture *fixture)
{
	int status;
	if (kill(fixture->pid, SIGKILL) < 0 || waitpid(fixture->pid, &status, 0) < 0)
		die_errno("killing relevod");
	if (!WIFSIGNALED(status))
		die("relevod had ended before it was killed");
	close(fixture->lifeline);
}

void fixture_stop(struct fixture *fixture)
{
	close(fixture->lifeline);
	expect_success(fixture->pid, "relevod");
}

/* What follows `key` in a file of /proc about it. */
static double told(const struct fixture *fixture, const char *file, const char *key)
{
	char path[64], line[256];
	double number = -1;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)fixture->pid, file);
	FILE *lines = fopen(path, "re");
	if (lines == NULL)
		die_errno(path);
	while (fgets(line, sizeof line, lines) != NULL) {
		if (strncmp(line, key, strlen(key)) == 0)
			number = strtod(line + strlen(key), NULL);
	}
	fclose(lines);
	if (number < 0)
		die("%s does not tell %s", path, key);
	return number;
}

double fixture_resident(const struct fixture *fixture)
{
	return told(fixture, "smaps_rollup", "Rss:") * 1024;
}

double fixture_written(const struct fixture *fixture)
{
	return told(fixture, "io", "write_bytes:");
}
