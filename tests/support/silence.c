#include "support/silence.h"

#include "support/process.h"
#include "support/test.h"

#include <signal.h>
#include <stdio.h>

const char *const silence_of_line[] = { "--listen", "tcp://127.0.0.1:0", "--insecure-tcp", NULL };

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
