/* Keeps a number of workers going: starts them, replaces those that end, ends what they leave
 * behind. */
#include "worker/worker_group.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "os/cpu_count.h"
#include "os/descriptor.h"
#include "os/event_set.h"
#include "os/readable.h"
#include "worker/backoff.h"
#include "worker/descendants.h"
#include "worker/worker_process.h"
#include "worker/worker_signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker that lived shorter than this, while the whole group got nothing done, died of
 * something that will kill the next one too: wait before replacing it. */
#define YOUNG      NSEC_PER_SEC

/* How long what workers have left behind may take to die. */
#define DEATH_TIME (2 * NSEC_PER_SEC)

/* What the group knows of each of its workers. */
struct member {
	pid_t pid; /* 0: does not run. Its own until it is waited for, which only the group does */
	int alarm_fd; /* a timer that the worker sets: see worker_setup */
	nsec_t started;
	unsigned done_before; /* what the group had done when it was started */
	nsec_t start_at;      /* NSEC_NEVER: not again */
	struct backoff backoff;
};

struct group {
	const struct worker_group_options *options;
	struct worker_table *table;
	struct member *members;
	struct event_set events;
	struct worker_signals signals;
	int news_fd; /* an eventfd: a worker is ready for tasks */
	const struct worker_slot *starting;
	int asked;   /* how many signals to end have come */
	int unready; /* initializers that failed, one after the other */
	bool owner_gone;
	bool told_ready;
	bool stopping; /* nobody is replaced any more */
	bool served;   /* a worker has been ready for tasks */
	bool reached;  /* a worker has been connected */
	bool away;     /* the broker cannot be reached: one worker at a time tries */
	nsec_t try_at; /* and not before this */
	struct backoff backoff;
	struct error lost;    /* why a worker that was ready could not go on, the last one */
	struct error failure; /* the first reason why a worker cannot do its work */
};

/* Events; behind the last stand the members' alarms. */
enum { EVENT_WAKE, EVENT_OWNER, EVENT_END, EVENT_NEWS, EVENT_ALARMS };

/* How often the initializer may fail. */
enum { TRIES = 3 };

int worker_group_size(int processes)
{
	return processes > 0 ? processes : cpu_count_quickly();
}

/* In a worker's process: what is the group's. */
static void worker_group_forget(void *parent)
{
	struct group *group = parent;
	stop_signal_remove(group->options->wake);
	worker_signals_remove(&group->signals);
	event_set_close(&group->events);
	for (int i = 0; i < group->table->count; i++) {
		if (&group->table->slots[i] != group->starting)
			close(group->members[i].alarm_fd);
	}
	if (group->options->owner_fd >= 0)
		close(group->options->owner_fd);
	if (group->options->ready_fd >= 0)
		close(group->options->ready_fd);
}

/* Any number; that others have the same does no harm. */
static uint64_t chance(nsec_t now)
{
	return now ^ now >> 16 ^ (uint64_t)getpid() << 8;
}

static void delay(struct member *member, bool progress, nsec_t now)
{
	member->start_at = now;
	if (progress || now - member->started >= YOUNG)
		backoff_reset(&member->backoff);
	else
		member->start_at += backoff_next(&member->backoff, chance(now));
}

/* The first reason why the group cannot do its work counts. */
static void note_failure(struct group *group, const struct error *error)
{
	if (group->failure.status == RELEVO_OK)
		group->failure = *error;
}

/* One that is not connected has nothing in hand, and may be long in coming so far. */
static void signal_members(const struct group *group, int number)
{
	for (int i = 0; i < group->table->count; i++) {
		bool idle = atomic_load(&group->table->slots[i].stage) < WORKER_CONNECTED;
		if (group->members[i].pid > 0)
			kill(group->members[i].pid, idle ? SIGKILL : number);
	}
}

/* Start none any more, and have those that run end. */
static void stop_members(struct group *group, int number)
{
	group->stopping = true;
	signal_members(group, number);
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pid == 0)
			group->members[i].start_at = NSEC_NEVER;
	}
}

/* Either all can be started to begin with, or none is left. */
static void not_started(struct group *group, struct member *member, nsec_t now)
{
	struct error error;
	error_set_process(&error, errno, "a worker cannot be started");
	delay(member, false, now);
	if (group->told_ready)
		return;
	note_failure(group, &error);
	stop_members(group, SIGKILL);
}

static void worker_group_start(struct group *group, int index, nsec_t now)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	const struct worker_process process = {
		.setup = { .url = group->options->url,
			   .key = group->options->key,
			   .pool = group->options->pool,
			   .shared = group->options->shared,
			   .order = group->options->order,
			   .durable = group->options->durable,
			   .plan = group->options->plan,
			   .table = group->table,
			   .slot = slot,
			   .patient = group->options->patient,
			   .leave_children = group->options->leave_children,
			   .news_fd = group->news_fd,
			   .alarm_fd = member->alarm_fd },
		.forget = worker_group_forget,
		.parent = group,
	};
	member->started = now;
	slot->error = (struct error){ 0 };
	slot->end = WORKER_DIES;
	member->done_before = atomic_load(&group->table->done);
	atomic_store(&slot->stage, WORKER_STARTING);
	atomic_store(&slot->busy, false);
	group->starting = slot;
	pid_t pid = worker_process_start(&process);
	if (pid < 0) {
		not_started(group, member, now);
		return;
	}
	member->pid = pid;
	atomic_store(&slot->pid, pid);
}

static bool any_ready(const struct group *group)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pid > 0 &&
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

/* What will be the same however often it is tried. */
static bool is_lasting(int status)
{
	switch (status) {
	case RELEVO_NOT_FOUND: /* what is not there has been waited for */
	case RELEVO_OPTION_MISMATCH:
	case RELEVO_DENIED:
	case RELEVO_FORKED:
	case RELEVO_BAD_NAME:
	case RELEVO_BAD_ARGUMENT:
		return true;
	default:
		return false;
	}
}

/* Whether a worker that cannot go on is the last in its place. */
static bool worker_group_is_final(const struct group *group, const struct worker_slot *slot)
{
	bool ready = atomic_load(&slot->stage) == WORKER_READY;
	if (MUTANT(lost_worker_not_replaced) || is_lasting(slot->error.status))
		return true;
	bool patient = group->options->patient || group->options->carries_on;
	return !ready && (!patient || !group->reached);
}

/* What a worker was lost of says more than that the next one does not get so far. */
static void note_finished(struct group *group, const struct worker_slot *slot)
{
	bool consequence =
		slot->error.status == RELEVO_NO_BROKER && group->lost.status != RELEVO_OK;
	if (slot->error.status != RELEVO_OK)
		note_failure(group, consequence ? &group->lost : &slot->error);
}

/* How far it has come, and whether there is no use in another one. */
static void judge_end(struct group *group, struct worker_slot *slot)
{
	int stage = atomic_load(&slot->stage);
	group->served = group->served || stage == WORKER_READY;
	group->reached = group->reached || stage >= WORKER_CONNECTED;
	if (slot->end == WORKER_LOST && worker_group_is_final(group, slot))
		slot->end = WORKER_FINISHED;
	if (slot->end == WORKER_LOST && stage == WORKER_READY)
		group->lost = slot->error;
	if (slot->end == WORKER_FINISHED)
		note_finished(group, slot);
}

/* It did not get as far as it has to: then one at a time tries, at ever longer intervals. */
static void stay_away(struct group *group, nsec_t now)
{
	if (!group->away || now >= group->try_at)
		group->try_at = now + backoff_next(&group->backoff, chance(now));
	group->away = true;
}

/* A worker that finished had a reason, and the next would have it too. One that
 * died, or whose function called exit(), is replaced. */
static void worker_group_decide(struct group *group, int index, nsec_t now, pid_t pid, int state)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	int stage = atomic_load(&slot->stage);
	judge_end(group, slot);
	if (slot->end == WORKER_FINISHED || group->stopping) {
		member->start_at = NSEC_NEVER;
		return;
	}
	member->start_at = now;
	if (slot->end == WORKER_LOST && stage != WORKER_READY)
		stay_away(group, now);
	else if (slot->end != WORKER_RETIRED)
		delay(member, atomic_load(&group->table->done) != member->done_before, now);
	if (slot->end == WORKER_UNREADY || stage == WORKER_INITIALIZING)
		count_unready(group, slot, pid, state);
}

/* Who set it has ended, and it is not for the next one. */
static void stop_alarm(const struct member *member)
{
	const struct itimerspec never = { 0 };
	if (!MUTANT(alarm_outlives_worker))
		timerfd_settime(member->alarm_fd, 0, &never, NULL);
}

static void worker_group_reap(struct group *group, int index, nsec_t now)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	pid_t pid = member->pid;
	int state = 0;
	while (waitpid(pid, &state, 0) < 0 && errno == EINTR)
		continue;
	member->pid = 0;
	stop_alarm(member);
	worker_table_bury(group->table, slot, pid, state);
	atomic_store(&slot->busy, false);
	atomic_store(&slot->pid, 0);
	worker_group_decide(group, index, now, pid, state);
}

static int find_member(const struct group *group, pid_t pid)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pid == pid)
			return i;
	}
	return -1;
}

static bool is_member(pid_t pid, void *user)
{
	return find_member(user, pid) >= 0;
}

/* Children have ended: workers, or what those that have ended had left behind. That is not
 * to go on, and leaves something behind itself, maybe. */
static void worker_group_on_end(struct group *group)
{
	nsec_t now = clock_now();
	worker_signals_clear(&group->signals);
	for (;;) {
		siginfo_t info = { 0 };
		int failed = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
		if (failed < 0 && errno == EINTR)
			continue;
		if (failed < 0 || info.si_pid == 0)
			break;
		int index = find_member(group, info.si_pid);
		if (index >= 0)
			worker_group_reap(group, index, now);
		else
			waitpid(info.si_pid, NULL, 0);
	}
	if (!group->options->leave_children)
		descendants_kill(is_member, group);
}

/* What it runs should have been ended long ago; so it is stopped, or stuck. */
static void on_alarm(struct group *group, uint64_t index)
{
	const struct member *member = &group->members[index];
	uint64_t count;
	if (read(member->alarm_fd, &count, sizeof count) != sizeof count || member->pid <= 0)
		return;
	atomic_store(&group->table->slots[index].overdue, !MUTANT(stopped_is_dead));
	kill(member->pid, SIGKILL);
}

static void on_wake(struct group *group)
{
	group->asked += (int)stop_signal_clear(group->options->wake);
	stop_members(group, group->asked > 1 ? SIGKILL : SIGTERM);
}

static void on_owner_gone(struct group *group)
{
	group->owner_gone = true;
	event_set_remove(&group->events, group->options->owner_fd);
	stop_members(group, SIGKILL);
}

/* The broker is there again, and so is the pool. */
static void on_news(struct group *group)
{
	uint64_t count;
	ssize_t size = read(group->news_fd, &count, sizeof count);
	(void)size;
	group->away = false;
	backoff_reset(&group->backoff);
}

/* Whether some worker is on its way to the pool. */
static bool is_trying(const struct group *group)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pid > 0 &&
		    atomic_load(&group->table->slots[i].stage) < WORKER_READY)
			return true;
	}
	return false;
}

/* When a worker that does not run may be started. */
static nsec_t start_time(const struct group *group, const struct member *member)
{
	if (!group->away || member->start_at == NSEC_NEVER)
		return member->start_at;
	if (is_trying(group))
		return NSEC_NEVER;
	return member->start_at > group->try_at ? member->start_at : group->try_at;
}

/* Start what is due. False when no worker runs and none ever will. */
static bool start_due(struct group *group, nsec_t now, nsec_t *next)
{
	bool any = false;
	*next = NSEC_NEVER;
	for (int i = 0; i < group->table->count; i++) {
		struct member *member = &group->members[i];
		if (member->pid == 0 && start_time(group, member) <= now)
			worker_group_start(group, i, now);
		nsec_t time = member->pid == 0 ? start_time(group, member) : NSEC_NEVER;
		*next = time < *next ? time : *next;
		any = any || member->pid > 0 || member->start_at != NSEC_NEVER;
	}
	return any;
}

static void handle_event(struct group *group, uint64_t name)
{
	switch (name) {
	case EVENT_WAKE:
		on_wake(group);
		break;
	case EVENT_OWNER:
		on_owner_gone(group);
		break;
	case EVENT_END:
		worker_group_on_end(group);
		break;
	case EVENT_NEWS:
		on_news(group);
		break;
	default:
		on_alarm(group, name - EVENT_ALARMS);
	}
}

/* It cannot go on without being told what happens: an end with all. */
static void worker_group_give_up(struct group *group, const struct error *error)
{
	note_failure(group, error);
	stop_members(group, SIGKILL);
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pid > 0)
			worker_group_reap(group, i, clock_now());
	}
}

static void wait_for_events(struct group *group, nsec_t deadline)
{
	uint64_t names[EVENT_SET_MOST];
	struct error error;
	int count;
	if (event_set_wait(&group->events, deadline, names, &count, &error) != RELEVO_OK) {
		worker_group_give_up(group, &error);
		return;
	}
	for (int i = 0; i < count; i++)
		handle_event(group, names[i]);
}

static void worker_group_tell_ready(struct group *group)
{
	int fd = group->options->ready_fd;
	if (fd < 0 || group->told_ready)
		return;
	/* Whoever waited may have gone; that is seen elsewhere. */
	ssize_t written = write(fd, "", 1);
	(void)written;
	group->told_ready = true;
}

/* No worker is left, nor shall what they have started be. */
static void end_descendants(struct group *group)
{
	nsec_t deadline = clock_now() + DEATH_TIME;
	while (descendants_kill(NULL, NULL) && readable_until(group->signals.fd, deadline)) {
		worker_signals_clear(&group->signals);
		descendants_reap();
	}
}

static int worker_group_run_here(struct group *group)
{
	nsec_t next;
	for (nsec_t now = clock_now(); start_due(group, now, &next); now = clock_now()) {
		if (!group->stopping)
			worker_group_tell_ready(group);
		wait_for_events(group, next);
	}
	if (!group->options->leave_children)
		end_descendants(group);
	/* An orderly end is no failure, whatever went wrong before; nor is a worker
	 * that came too late to find the pool. */
	bool late = group->served && group->failure.status == RELEVO_NOT_FOUND;
	return group->asked > 0 || group->owner_gone || late ? RELEVO_OK : group->failure.status;
}

/* ---- from beginning to end ---------------------------------------------- */

static int watch_for(struct group *group, int fd, uint64_t name, struct error *error)
{
	return fd >= 0 ? event_set_add(&group->events, fd, name, error) : RELEVO_OK;
}

static int open_alarm(struct group *group, int index, struct error *error)
{
	int fd = descriptor_raise(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
	if (fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no timer for worker %d of %d",
				       index + 1, group->table->count);
	group->members[index].alarm_fd = fd;
	return watch_for(group, fd, EVENT_ALARMS + (uint64_t)index, error);
}

static int open_members(struct group *group, struct error *error)
{
	int status = RELEVO_OK;
	for (int i = 0; i < group->table->count; i++)
		group->members[i].alarm_fd = -1;
	for (int i = 0; i < group->table->count && status == RELEVO_OK; i++)
		status = open_alarm(group, i, error);
	return status;
}

static int open_all(struct group *group, struct error *error)
{
	int status = watch_for(group, group->options->wake->fd, EVENT_WAKE, error);
	if (status == RELEVO_OK)
		status = watch_for(group, group->options->owner_fd, EVENT_OWNER, error);
	if (status == RELEVO_OK)
		status = watch_for(group, group->signals.fd, EVENT_END, error);
	if (status == RELEVO_OK)
		status = watch_for(group, group->news_fd, EVENT_NEWS, error);
	if (status == RELEVO_OK)
		status = open_members(group, error);
	return status;
}

static int open_events(struct group *group, struct error *error)
{
	int status = worker_signals_install(&group->signals, error);
	if (status != RELEVO_OK)
		return status;
	group->news_fd = descriptor_raise(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (group->news_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno,
				       "no descriptor for the workers");
	return event_set_open(&group->events, error);
}

/* The process ends afterwards, and with it all that was opened. */
int worker_group_run(const struct worker_group_options *options, struct worker_table *table,
		     struct error *error)
{
	size_t count = (size_t)table->count;
	struct group group = {
		.options = options,
		.table = table,
		.members = calloc(count, sizeof *group.members),
	};
	if (group.members == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %zu workers", count);
	int status = open_events(&group, error);
	if (status == RELEVO_OK)
		status = open_all(&group, error);
	if (status == RELEVO_OK) {
		if (!options->leave_children)
			descendants_adopt();
		status = worker_group_run_here(&group);
		if (status != RELEVO_OK)
			*error = group.failure;
	}
	free(group.members);
	return status;
}
