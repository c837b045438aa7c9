/* The command "lock run": runs another under a lock, and notices when that is lost. */
#include "cli/attendant.h"
#include "cli/child.h"
#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/descendants.h"
#include "cli/failure.h"
#include "cli/first_process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Exit statuses of a shell. */
enum { CANNOT_RUN = 126, NOT_FOUND = 127 };

/* Once the lock is lost: the time between two looks at what still runs, in ms, and how many
 * times a command may go on after --kill has asked it to end, and after it has been killed: one
 * that the kernel does not let go of is left to it. */
enum { BEAT = 1000, BEATS_OF_GRACE = 5, BEATS_OF_DEATH = 2 };

static struct {
	int64_t timeout;
	bool kill;
} given = { .timeout = RELEVO_FOREVER };

static const struct option_row options[] = {
	{ "timeout", 't', "MS", "wait so long for the lock; default: for ever",
	  .number = &given.timeout },
	{ "kill", 'k', NULL,
	  "end COMMAND, and all it has started, when the\n"
	  "lock is lost: SIGTERM, SIGKILL after five\n"
	  "seconds",
	  .flag = &given.kill },
	{ 0 },
};

/* ---- whether the lock is still held ---------------------------------------- */

/*
 * The lock is held as long as the session's connection is there. So a thread waits for an item
 * that never comes: that ends with the connection. A broker that only stands still holds the lock
 * for us.
 */
struct lock_watch {
	relevo_queue *nothing;
	struct attendant attendant;
	int event; /* an eventfd: the lock is lost, for this reason: */
	int status;
	char why[512];
};

static void cmd_lock_run_attend(void *user)
{
	struct lock_watch *watch = user;
	relevo_item item;
	do {
		watch->status = relevo_queue_get(watch->nothing, RELEVO_FOREVER, &item);
		relevo_item_free(&item);
	} while (watch->status == RELEVO_OK);
	if (watch->status == RELEVO_INTERRUPTED)
		return;
	snprintf(watch->why, sizeof watch->why, "%s", relevo_error_detail());
	eventfd_write(watch->event, 1);
}

static int cmd_lock_run_open_watch(struct lock_watch *watch, relevo_session *session)
{
	const struct relevo_queue_options fleeting = { .lifetime = RELEVO_LIFETIME_SESSION };
	*watch = (struct lock_watch){ .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	if (watch->event < 0)
		return failure_system("no descriptor to watch the lock");
	int status = relevo_queue_open(session, NULL, &fleeting, &watch->nothing);
	if (status != RELEVO_OK)
		return failure_of(status);
	errno = attendant_start(&watch->attendant, cmd_lock_run_attend, watch);
	return errno == 0 ? EXIT_DONE : failure_system("no thread to watch the lock");
}

static void cmd_lock_run_close_watch(struct lock_watch *watch)
{
	attendant_stop(&watch->attendant);
	relevo_queue_close(watch->nothing);
	if (watch->event >= 0)
		close(watch->event);
}

/* ---- the command ------------------------------------------------------------ */

/* Commands that hold the lock, with all that they have started, once the broker is gone: ask,
 * then insist. */
static void cmd_lock_run_end_command(int beats_lost)
{
	if (!given.kill)
		return;
	if (beats_lost == 0)
		descendants_signal(SIGTERM);
	else if (beats_lost >= BEATS_OF_GRACE)
		descendants_signal(SIGKILL);
}

/* The command has ended, but not all that it has started. */
static void end_rest(struct child *child, int beats_lost)
{
	while (!child_wait_for_rest(child, BEAT) && beats_lost < BEATS_OF_GRACE + BEATS_OF_DEATH)
		cmd_lock_run_end_command(beats_lost++);
}

/* Wait for the command, and for the loss of the lock. *lost: it was lost, and that has been
 * said. */
static int cmd_lock_run_follow(struct context *context, struct child *child,
			       struct lock_watch *watch, bool *lost)
{
	int result, beats_lost = 0;
	enum child_news news;
	while ((news = child_wait(child, *lost ? -1 : watch->event, *lost ? BEAT : -1, &result)) !=
	       CHILD_ENDED) {
		if (news == CHILD_EVENT) {
			*lost = true;
			failure_say(watch->status, "the lock \"%s\" was lost while %s runs: %s",
				    context->arguments[0], context->arguments[1], watch->why);
		}
		cmd_lock_run_end_command(beats_lost++);
	}
	if (*lost && given.kill)
		end_rest(child, beats_lost);
	return result;
}

static int cmd_lock_run_command(struct context *context, struct lock_watch *watch, bool *lost)
{
	struct child child;
	char *const *command = context->arguments + 1;
	int trouble = child_prepare(&child);
	if (given.kill)
		descendants_adopt();
	if (trouble == 0)
		trouble = child_start(&child, command);
	int result = trouble == 0 ? cmd_lock_run_follow(context, &child, watch, lost) : CANNOT_RUN;
	child_forget(&child);
	if (trouble != 0) {
		/* As a shell says it: so is the exit status. */
		failure_warn("%s: %s", command[0], strerror(trouble));
		result = trouble == ENOENT ? NOT_FOUND : CANNOT_RUN;
	}
	return result;
}

static int run_locked(struct context *context, bool *lost)
{
	struct lock_watch watch;
	int result = cmd_lock_run_open_watch(&watch, context->session);
	if (result == EXIT_DONE)
		result = cmd_lock_run_command(context, &watch, lost);
	cmd_lock_run_close_watch(&watch);
	return result;
}

/* What came with the lock, for those commands that want to know. */
static void tell_command(const struct relevo_grant *grant)
{
	char token[24];
	snprintf(token, sizeof token, "%" PRIu64, grant->token);
	setenv("RELEVO_LOCK_TOKEN", token, 1);
	setenv("RELEVO_LOCK_OWNER_DIED", grant->owner_died ? "1" : "0", 1);
}

static int cmd_lock_run_run(struct context *context)
{
	relevo_lock *lock;
	bool lost = false;
	if (!first_process_step_aside())
		return failure_system("no process to do the work");
	context->go_on = attendant_goes_on;
	int result = connect_within(context, given.timeout);
	if (result != EXIT_DONE)
		return result;
	int status = relevo_lock_open(context->session, context->arguments[0], NULL, &lock);
	if (status != RELEVO_OK)
		return failure_of(status);
	struct relevo_grant grant;
	status = relevo_lock_acquire(lock, connect_left(context, given.timeout), &grant);
	if (status != RELEVO_OK) {
		result = failure_of(status);
		relevo_lock_close(lock);
		return result;
	}
	tell_command(&grant);
	result = run_locked(context, &lost);
	status = lost ? RELEVO_OK : relevo_lock_release(lock);
	if (status != RELEVO_OK)
		failure_of(status);
	relevo_lock_close(lock);
	if (lost || status != RELEVO_OK) {
		/* That has been said; the exit status is the command's all the same. */
		relevo_session_close(context->session);
		context->session = NULL;
	}
	return result;
}

const struct command cmd_lock_run = {
	.name = "lock run",
	.summary = "run a command while holding a lock",
	.usage = "NAME -- COMMAND [ARGUMENT]...",
	.help = "Waits for the lock of that name, which is made if it is missing, runs COMMAND\n"
		"and ends with its status; with 128 and the number of the signal that killed it;\n"
		"with 127 or 126 if it is not there or cannot be run. SIGTERM, SIGINT, SIGHUP and\n"
		"SIGQUIT are passed on to it. If the broker goes, so does the lock.\n"
		"\n"
		"COMMAND finds in RELEVO_LOCK_TOKEN a number greater than that of every\n"
		"holder before, and in RELEVO_LOCK_OWNER_DIED a 1 if the last of them died\n"
		"with the lock.\n",
	.least = 2,
	.most = -1,
	.options = options,
	.run = cmd_lock_run_run,
};
