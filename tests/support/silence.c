/* Making a broker silent, and trying calls that have to end nevertheless. */
#include "support/silence.h"

#include "support/process.h"
#include "support/test.h"

#include <relevo/session.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const silence_of_line[] = { "--listen", "tcp://127.0.0.1:0", "--insecure-tcp", NULL };

/* The transport closes in a thread of its own: so its descriptors are only looked at from outside.
 */
static bool no_socket_is_open(void *argument)
{
	static const char socket[] = "socket:";
	(void)argument;
	for (int fd = STDERR_FILENO + 1; fd < 64; fd++) {
		char path[32], about[sizeof socket] = "";
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if (readlink(path, about, sizeof about - 1) > 0 && strcmp(about, socket) == 0)
			return false;
	}
	return true;
}

int silence_start_lines(void **state)
{
	relevo_session *nobody;
	(void)state;
	if (relevo_session_open("tcp://127.0.0.1:1", NULL, &nobody) == RELEVO_OK)
		return -1;
	return eventually(no_socket_is_open, NULL) ? 0 : -1;
}

void silence_prepare(struct silence *silence, struct test_broker *broker, bool of_line)
{
	*silence = (struct silence){ .broker = broker, .of_line = of_line };
	if (of_line)
		relay_start(&silence->relay, broker->more, 0);
	snprintf(silence->url, sizeof silence->url, "%s",
		 of_line ? silence->relay.url : broker->url);
}

void silence_fall(struct silence *silence)
{
	if (silence->of_line)
		atomic_store(&silence->relay.swallows, true);
	else
		process_stop(silence->broker->pid);
}

void silence_break(struct silence *silence)
{
	if (silence->of_line)
		relay_cut(&silence->relay);
	else
		kill(silence->broker->pid, SIGCONT);
}

void silence_end(struct silence *silence)
{
	if (!silence->of_line)
		return;
	relay_join(&silence->relay);
	relay_free(&silence->relay);
}

void silence_try(const struct silence_trial *trials, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct silence_trial *trial = &trials[i];
		int64_t before = test_now();
		int status = trial->run();
		int64_t took = test_now() - before;
		if (status != trial->status || took > trial->time + SILENCE_SLACK)
			fail_msg("%s: %s after %d ms: %s", trial->name, relevo_error_name(status),
				 (int)took, relevo_error_detail());
	}
}
