/* Connecting to the broker within the time a command has, and opening a queue of it. */
#include "cli/connect.h"

#include "cli/failure.h"
#include "cli/visible.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Beyond the limit of a command, in ms: as the library has it for calls. */
enum { GRACE = 500 };

static void advise(const char *url)
{
	bool named = url != NULL && url[0] != '\0';
	/* That has been tried. */
	if (named && strncmp(url, "data://", 7) == 0)
		return;
	fprintf(stderr,
		"Start one with \"relevod%s%s\", or name another with --url or RELEVO_URL.\n",
		named ? " --listen " : "", named ? visible(url) : "");
}

int connect_failure(const struct context *context, int status)
{
	int result = failure_of(status);
	/* What is not there is no object of the broker's: a key file, a folder. */
	if (result == EXIT_NOT_FOUND)
		result = EXIT_FAILED;
	/* Time that ran out says nothing of a queue yet: the broker does not answer. */
	if (result == EXIT_EMPTY)
		result = EXIT_NO_BROKER;
	if (status == RELEVO_NO_BROKER)
		advise(context->url != NULL ? context->url : secure_getenv("RELEVO_URL"));
	return result;
}

int64_t connect_now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t connect_left(const struct context *context, int64_t msec)
{
	if (msec <= 0 || context->ends_at == INT64_MAX)
		return msec;
	int64_t left = context->ends_at - connect_now();
	return left > 1 ? left : 1;
}

int connect_within(struct context *context, int64_t msec)
{
	/* Where a command has more time than calls have by themselves, that is enough. */
	const int64_t usual = 10000;
	int64_t now = connect_now();
	context->ends_at = msec >= 0 && msec < INT64_MAX - now ? now + msec : INT64_MAX;
	struct relevo_session_options options = {
		.name = "relevo",
		.no_private_broker = true,
		.go_on = context->go_on,
	};
	if (msec > 0 && msec < usual - GRACE)
		options.timeout = msec + GRACE;
	int status = relevo_session_open(context->url, &options, &context->session);
	return status == RELEVO_OK ? EXIT_DONE : connect_failure(context, status);
}

int connect_session(struct context *context)
{
	return connect_within(context, RELEVO_FOREVER);
}

int connect_queue(struct context *context, int64_t msec, const struct relevo_queue_options *options,
		  relevo_queue **queue)
{
	struct relevo_queue_options existing = { 0 };
	int result = connect_within(context, msec);
	if (result != EXIT_DONE)
		return result;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	int status = relevo_queue_open(context->session, context->arguments[0], &existing, queue);
	return status == RELEVO_OK ? EXIT_DONE : failure_of(status);
}
