#include "process/worker_group.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/mutant.h"
#include "process/wake.h"
#include "process/worker_process.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker that lived shorter than this, while the whole group got nothing done, died of
 * something that will kill the next one too: wait before replacing it. */
#define YOUNG         NSEC_PER_SEC
#define FIRST_PAUSE   (50 * NSEC_PER_MSEC)
#define LONGEST_PAUSE (5 * NSEC_PER_SEC)

/* What the group knows of each of its workers. */
struct member {
	int pidfd; /* -1: does not run */
	pid_t pid;
	int alarm_fd; /* a timer that the worker sets: see worker_setup */
	nsec_t started;
	unsigned done_before; /* what the group had done when it was started */
	nsec_t start_at;      /* NSEC_NEVER: not again */
	nsec_t pause;
};

struct group {
	const struct worker_group_options *options;
	struct worker_table *table;
	struct member *members;
	struct pollfd *polled; /* wake, owner, then the members and their alarms */
	struct wake wake;
	const struct worker_slot *starting;
	int signals; /* that have come */
	int unready; /* initializers that failed, one after the other */
	bool owner_gone;
	bool told_ready;
	bool stopping;        /* nobody is replaced any more */
	bool served;          /* a worker has been ready for tasks */
	struct error failure; /* the first reason why a worker cannot do its work */
};

enum { POLL_WAKE, POLL_OWNER, POLL_MEMBERS };

/* How often the initializer may fail. */
enum { TRIES = 3 };

int worker_group_size(int processes)
{
	cpu_set_t processors;
	if (processes > 0)
		return processes;
	if (sched_getaffinity(0, sizeof processors, &processors) == 0)
		return CPU_COUNT(&processors);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int)online : 1;
}

/* In a worker's process: what is the group's. */
static void forget(void *parent)
{
	struct group *group = parent;
	wake_remove(&group->wake);
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd >= 0)
			close(group->members[i].pidfd);
		if (&group->table->slots[i] != group->starting)
			close(group->members[i].alarm_fd);
	}
	if (group->options->owner_fd >= 0)
		close(group->options->owner_fd);
	if (group->options->ready_fd >= 0)
		close(group->options->ready_fd);
}

static void delay(struct member *member, bool progress, nsec_t now)
{
	if (progress || now - member->started >= YOUNG) {
		member->pause = 0;
		member->start_at = now;
		return;
	}
	member->pause = member->pause == 0 ? FIRST_PAUSE : member->pause * 2;
	if (member->pause > LONGEST_PAUSE)
		member->pause = LONGEST_PAUSE;
	member->start_at = now + member->pause;
}

/* The first reason why the group cannot do its work counts. */
static void note_failure(struct group *group, const struct error *error)
{
	if (group->failure.status == RELEVO_OK)
		group->failure = *error;
}

static bool is_shortage(int status)
{
	return status == RELEVO_SYSTEM || status == RELEVO_NO_DESCRIPTORS ||
	       status == RELEVO_NO_MEMORY;
}

static void start(struct group *group, int index, nsec_t now)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	const struct worker_process process = {
		.setup = { .url = group->options->url,
			   .pool = group->options->pool,
			   .shared = group->options->shared,
			   .order = group->options->order,
			   .plan = group->options->plan,
			   .table = group->table,
			   .slot = slot,
			   .alarm_fd = member->alarm_fd },
		.forget = forget,
		.parent = group,
	};
	member->started = now;
	slot->error = (struct error){ 0 };
	slot->end = WORKER_DIES;
	member->done_before = atomic_load(&group->table->done);
	atomic_store(&slot->stage, WORKER_STARTING);
	atomic_store(&slot->busy, false);
	group->starting = slot;
	member->pidfd = worker_process_start(&process, &member->pid);
	if (member->pidfd < 0) {
		struct error error;
		error_set_errno(&error, RELEVO_SYSTEM, errno, "a worker cannot be started");
		note_failure(group, &error);
		delay(member, false, now);
		return;
	}
	atomic_store(&slot->pid, member->pid);
	/* What was short is not any more. */
	if (group->told_ready && is_shortage(group->failure.status))
		group->failure = (struct error){ 0 };
}

static void signal_members(struct group *group, int number)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd >= 0)
			pidfd_send_signal(group->members[i].pidfd, number, NULL, 0);
	}
}

/* Start none any more, and have those that run end. */
static void stop_members(struct group *group, int number)
{
	group->stopping = true;
	signal_members(group, number);
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd < 0)
			group->members[i].start_at = NSEC_NEVER;
	}
}

static bool any_ready(const struct group *group)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd >= 0 &&
		    atomic_load(&group->table->slots[i].stage) == WORKER_READY)
			return true;
	}
	return false;
}

/* The initializer failed, or died. If that is all it ever does, the pool cannot work. */
static void count_unready(struct group *group, struct worker_slot *slot, pid_t pid, int state)
{
	if (any_ready(group))
		group->unready = 0;
	else if (++group->unready >= TRIES) {
		if (slot->end != WORKER_UNREADY)
			error_set(&slot->error, RELEVO_WORKER_DIED,
				  "the initializer \"%s\" ended its worker, process %d, with %s %d",
				  group->options->plan != NULL ? group->options->plan->initializer
							       : "",
				  (int)pid, WIFSIGNALED(state) ? "signal" : "exit code",
				  WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state));
		note_failure(group, &slot->error);
		stop_members(group, SIGTERM);
	}
}

/* A worker that finished had a reason, and the next would have it too. One that
 * died, or whose function called exit(), is replaced. */
static void decide(struct group *group, int index, nsec_t now, int state)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	if (slot->end == WORKER_FINISHED && slot->error.status != RELEVO_OK)
		note_failure(group, &slot->error);
	group->served = group->served || atomic_load(&slot->stage) == WORKER_READY;
	if (slot->end == WORKER_FINISHED || group->stopping) {
		member->start_at = NSEC_NEVER;
		return;
	}
	if (slot->end == WORKER_RETIRED)
		member->start_at = now;
	else
		delay(member, atomic_load(&group->table->done) != member->done_before, now);
	if (slot->end == WORKER_UNREADY || atomic_load(&slot->stage) == WORKER_INITIALIZING)
		count_unready(group, slot, member->pid, state);
}

/* Who set it has ended, and it is not for the next one. */
static void stop_alarm(const struct member *member)
{
	const struct itimerspec never = { 0 };
	if (!MUTANT(alarm_outlives_worker))
		timerfd_settime(member->alarm_fd, 0, &never, NULL);
}

static void reap(struct group *group, int index, nsec_t now)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	int state = 0;
	while (waitpid(member->pid, &state, 0) < 0 && errno == EINTR)
		continue;
	close(member->pidfd);
	member->pidfd = -1;
	stop_alarm(member);
	worker_table_bury(group->table, slot, member->pid, state);
	atomic_store(&slot->busy, false);
	atomic_store(&slot->pid, 0);
	decide(group, index, now, state);
}

/* What it runs should have been ended long ago; so it is stopped, or stuck. */
static void on_alarm(struct group *group, int index)
{
	struct member *member = &group->members[index];
	uint64_t count;
	if (read(member->alarm_fd, &count, sizeof count) == sizeof count && member->pidfd >= 0)
		pidfd_send_signal(member->pidfd, SIGKILL, NULL, 0);
}

/* Start what is due. False when no worker runs and none ever will. */
static bool start_due(struct group *group, nsec_t now, nsec_t *next)
{
	bool any = false;
	*next = NSEC_NEVER;
	for (int i = 0; i < group->table->count; i++) {
		struct member *member = &group->members[i];
		if (member->pidfd < 0 && member->start_at <= now)
			start(group, i, now);
		if (member->pidfd < 0 && member->start_at < *next)
			*next = member->start_at;
		any = any || member->pidfd >= 0 || member->start_at != NSEC_NEVER;
	}
	return any;
}

static void wait_for_event(struct group *group, nsec_t now, nsec_t next)
{
	struct pollfd *polled = group->polled;
	polled[POLL_WAKE] = (struct pollfd){ .fd = group->wake.fd, .events = POLLIN };
	polled[POLL_OWNER] = (struct pollfd){
		.fd = group->owner_gone ? -1 : group->options->owner_fd,
		.events = POLLIN,
	};
	nfds_t count = (nfds_t)group->table->count;
	for (nfds_t i = 0; i < count; i++) {
		const struct member *member = &group->members[i];
		polled[POLL_MEMBERS + i] = (struct pollfd){ member->pidfd, POLLIN, 0 };
		polled[POLL_MEMBERS + count + i] = (struct pollfd){
			.fd = member->alarm_fd,
			.events = POLLIN,
		};
	}
	nfds_t all = POLL_MEMBERS + 2 * count;
	if (poll(polled, all, clock_poll_timeout(now, next)) <= 0)
		memset(polled, 0, sizeof *polled * all);
}

static void handle_events(struct group *group)
{
	const struct pollfd *polled = group->polled;
	int count = group->table->count;
	group->owner_gone = group->owner_gone || polled[POLL_OWNER].revents != 0;
	if (polled[POLL_WAKE].revents != 0)
		group->signals += (int)wake_clear(&group->wake);
	if (polled[POLL_WAKE].revents != 0 || polled[POLL_OWNER].revents != 0)
		stop_members(group, group->signals > 1 || group->owner_gone ? SIGKILL : SIGTERM);
	nsec_t now = clock_now();
	for (int i = 0; i < count; i++) {
		if (polled[POLL_MEMBERS + count + i].revents != 0)
			on_alarm(group, i);
		if (polled[POLL_MEMBERS + i].revents != 0)
			reap(group, i, now);
	}
}

static void tell_ready(struct group *group)
{
	int fd = group->options->ready_fd;
	if (fd < 0 || group->told_ready)
		return;
	/* Whoever waited may have gone; that is seen elsewhere. */
	ssize_t written = write(fd, "", 1);
	(void)written;
	group->told_ready = true;
}

static int run(struct group *group)
{
	nsec_t next;
	for (nsec_t now = clock_now(); start_due(group, now, &next); now = clock_now()) {
		/* Either all can be started to begin with, or none is left. */
		if (!group->told_ready && group->failure.status == RELEVO_SYSTEM)
			stop_members(group, SIGKILL);
		else
			tell_ready(group);
		wait_for_event(group, now, next);
		handle_events(group);
	}
	/* An orderly end is no failure, whatever went wrong before; nor is a worker
	 * that came too late to find the pool. */
	bool late = group->served && group->failure.status == RELEVO_NOT_FOUND;
	return group->signals > 0 || group->owner_gone || late ? RELEVO_OK : group->failure.status;
}

/* ---- from beginning to end ---------------------------------------------- */

static int open_members(struct group *group, struct error *error)
{
	for (int i = 0; i < group->table->count; i++) {
		group->members[i].pidfd = -1;
		group->members[i].alarm_fd = -1;
	}
	for (int i = 0; i < group->table->count; i++) {
		int fd = descriptor_raise(
			timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
		if (fd < 0)
			return error_set_errno(error, RELEVO_SYSTEM, errno,
					       "no timer for a worker");
		group->members[i].alarm_fd = fd;
	}
	return RELEVO_OK;
}

static void close_members(struct group *group)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].alarm_fd >= 0)
			close(group->members[i].alarm_fd);
	}
}

static int serve(struct group *group, struct error *error)
{
	int status = open_members(group, error);
	if (status == RELEVO_OK)
		status = wake_install(&group->wake, error);
	if (status == RELEVO_OK) {
		status = run(group);
		if (status != RELEVO_OK)
			*error = group->failure;
		wake_remove(&group->wake);
	}
	close_members(group);
	return status;
}

int worker_group_run(const struct worker_group_options *options, struct worker_table *table,
		     struct error *error)
{
	size_t count = (size_t)table->count;
	struct group group = {
		.options = options,
		.table = table,
		.members = calloc(count, sizeof *group.members),
		.polled = calloc(POLL_MEMBERS + 2 * count, sizeof *group.polled),
	};
	int status = RELEVO_NO_MEMORY;
	if (group.members == NULL || group.polled == NULL)
		error_set(error, status, "no memory for %zu workers", count);
	else
		status = serve(&group, error);
	free(group.members);
	free(group.polled);
	return status;
}
