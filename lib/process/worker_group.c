#include "process/worker_group.h"

#include "base/clock.h"
#include "process/wake.h"
#include "process/worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A worker that lived shorter than this died of something that will kill the next
 * one too: wait before replacing it. */
#define YOUNG         NSEC_PER_SEC
#define FIRST_PAUSE   (50 * NSEC_PER_MSEC)
#define LONGEST_PAUSE (5 * NSEC_PER_SEC)

/* What the group knows of each of its workers. */
struct member {
	int pidfd; /* -1: does not run */
	pid_t pid;
	nsec_t started;
	nsec_t start_at; /* NSEC_NEVER: not again */
	nsec_t pause;
};

struct group {
	const struct worker_group_options *options;
	struct worker_table *table;
	struct member *members;
	struct pollfd *polled; /* wake, owner, then the members */
	struct wake wake;
	int signals; /* that have come */
	bool owner_gone;
	bool told_ready;
	bool queue_gone;      /* a worker has seen it go */
	struct error failure; /* the first reason why a worker cannot do its work */
};

enum { POLL_WAKE, POLL_OWNER, POLL_MEMBERS };

struct worker_table *worker_table_new(int count)
{
	size_t size = sizeof(struct worker_table) + (size_t)count * sizeof(struct worker_slot);
	struct worker_table *table =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		return NULL;
	table->size = size;
	table->count = count;
	return table;
}

void worker_table_free(struct worker_table *table)
{
	if (table != NULL)
		munmap(table, table->size);
}

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

/* The worker's process, which ends here. */
static _Noreturn void be_worker(struct group *group, int index, pid_t parent,
				const sigset_t *signals)
{
	struct worker_slot *slot = &group->table->slots[index];
	/* Whatever becomes of the group, no worker outlives it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	/* The group does so too, but maybe only after the first result. */
	atomic_store(&slot->pid, getpid());
	wake_remove(&group->wake);
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd >= 0)
			close(group->members[i].pidfd);
	}
	if (group->options->owner_fd >= 0)
		close(group->options->owner_fd);
	if (group->options->ready_fd >= 0)
		close(group->options->ready_fd);
	struct wake wake;
	int status = wake_install(&wake, &slot->error);
	wake_release(signals);
	if (status == RELEVO_OK)
		status = worker_run(group->options->url, group->options->queue, wake.fd,
				    &slot->error);
	slot->finished = true;
	_exit(status);
}

static void delay(struct member *member, nsec_t now)
{
	if (now - member->started >= YOUNG) {
		member->pause = 0;
		member->start_at = now;
		return;
	}
	member->pause = member->pause == 0 ? FIRST_PAUSE : member->pause * 2;
	if (member->pause > LONGEST_PAUSE)
		member->pause = LONGEST_PAUSE;
	member->start_at = now + member->pause;
}

static void start(struct group *group, int index, nsec_t now)
{
	struct member *member = &group->members[index];
	pid_t parent = getpid();
	member->started = now;
	group->table->slots[index].error = (struct error){ 0 };
	group->table->slots[index].finished = false;
	/* The handler that the worker inherits writes to this group's descriptor:
	 * a signal must not reach it before it has its own. */
	sigset_t signals;
	wake_hold(&signals);
	pid_t pid = fork();
	if (pid == 0)
		be_worker(group, index, parent, &signals);
	wake_release(&signals);
	if (pid > 0)
		member->pidfd = pidfd_open(pid, 0);
	if (pid > 0 && member->pidfd < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (member->pidfd < 0) {
		if (group->failure.status == RELEVO_OK)
			error_set_errno(&group->failure, RELEVO_SYSTEM, errno,
					"a worker cannot be started");
		delay(member, now);
		return;
	}
	member->pid = pid;
	atomic_store(&group->table->slots[index].pid, pid);
}

/* A worker that finished had a reason, and the next would have it too. One that
 * died, or whose function called exit(), is replaced. */
static void reap(struct group *group, int index, nsec_t now)
{
	struct member *member = &group->members[index];
	struct worker_slot *slot = &group->table->slots[index];
	while (waitpid(member->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	close(member->pidfd);
	member->pidfd = -1;
	atomic_store(&slot->pid, 0);
	if (slot->finished || group->signals > 0)
		member->start_at = NSEC_NEVER;
	else
		delay(member, now);
	if (slot->finished && slot->error.status == RELEVO_OK)
		group->queue_gone = true;
	if (slot->finished && slot->error.status != RELEVO_OK && group->failure.status == RELEVO_OK)
		group->failure = slot->error;
}

static void signal_members(struct group *group, int number)
{
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd >= 0)
			pidfd_send_signal(group->members[i].pidfd, number, NULL, 0);
	}
}

static void stop_members(struct group *group)
{
	signal_members(group, group->signals > 1 || group->owner_gone ? SIGKILL : SIGTERM);
	for (int i = 0; i < group->table->count; i++) {
		if (group->members[i].pidfd < 0)
			group->members[i].start_at = NSEC_NEVER;
	}
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
	for (int i = 0; i < group->table->count; i++)
		polled[POLL_MEMBERS + i] = (struct pollfd){
			.fd = group->members[i].pidfd,
			.events = POLLIN,
		};
	if (poll(polled, (nfds_t)(POLL_MEMBERS + group->table->count),
		 clock_poll_timeout(now, next)) <= 0)
		memset(polled, 0, sizeof *polled * (size_t)(POLL_MEMBERS + group->table->count));
}

static void handle_events(struct group *group)
{
	if (group->polled[POLL_WAKE].revents != 0) {
		wake_clear(&group->wake);
		group->signals++;
		stop_members(group);
	}
	if (group->polled[POLL_OWNER].revents != 0) {
		group->owner_gone = true;
		group->signals++;
		stop_members(group);
	}
	nsec_t now = clock_now();
	for (int i = 0; i < group->table->count; i++) {
		if (group->polled[POLL_MEMBERS + i].revents != 0)
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
		tell_ready(group);
		wait_for_event(group, now, next);
		handle_events(group);
	}
	/* An orderly end is no failure, whatever went wrong before; nor is a worker
	 * that came too late to find the queue. */
	bool late = group->queue_gone && group->failure.status == RELEVO_NOT_FOUND;
	return group->signals > 0 || late ? RELEVO_OK : group->failure.status;
}

int worker_group_run(const struct worker_group_options *options, struct worker_table *table,
		     struct error *error)
{
	size_t count = (size_t)table->count;
	struct group group = {
		.options = options,
		.table = table,
		.members = calloc(count, sizeof *group.members),
		.polled = calloc(POLL_MEMBERS + count, sizeof *group.polled),
	};
	int status = RELEVO_NO_MEMORY;
	if (group.members == NULL || group.polled == NULL)
		error_set(error, status, "no memory for %zu workers", count);
	else
		status = wake_install(&group.wake, error);
	if (status == RELEVO_OK) {
		for (size_t i = 0; i < count; i++)
			group.members[i].pidfd = -1;
		status = run(&group);
		if (status != RELEVO_OK)
			*error = group.failure;
		wake_remove(&group.wake);
	}
	free(group.members);
	free(group.polled);
	return status;
}
