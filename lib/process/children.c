/* The list of this process's children, and ending those that are left. */
#include "process/children.h"

#include "base/thread_error.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* How long daemons may take to end by SIGTERM when their parent does. */
#define DAEMON_TIME (2 * NSEC_PER_SEC)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list children = { &children, &children };
static struct list orphans = { &orphans, &orphans }; /* whose objects nobody has */

static struct relevo_process *process_of(struct list *node)
{
	return container_of(node, struct relevo_process, link);
}

static void children_before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void children_in_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* The objects stay where they are: other locks may be held by threads that are not. */
static void children_in_child(void)
{
	list_init(&children);
	list_init(&orphans);
	pthread_mutex_unlock(&lock);
}

bool children_mind_forks(void)
{
	return pthread_atfork(children_before_fork, children_in_parent, children_in_child) == 0;
}

void children_add(struct relevo_process *process)
{
	pthread_mutex_lock(&lock);
	list_append(&children, &process->link);
	pthread_mutex_unlock(&lock);
}

void children_remove(struct relevo_process *process)
{
	pthread_mutex_lock(&lock);
	list_remove(&process->link);
	pthread_mutex_unlock(&lock);
}

void children_adopt(struct relevo_process *process)
{
	pthread_mutex_lock(&lock);
	list_remove(&process->link);
	list_append(&orphans, &process->link);
	pthread_mutex_unlock(&lock);
}

static bool children_has_ended(struct relevo_process *process)
{
	pthread_mutex_lock(&process->lock);
	process_look(process);
	bool ended = process->state != PROCESS_STARTED;
	pthread_mutex_unlock(&process->lock);
	return ended;
}

/* The list is locked. */
static void children_look_here(void)
{
	list_for_each (node, &children) {
		if (children_has_ended(process_of(node)))
			list_remove(node);
	}
	list_for_each (node, &orphans) {
		struct relevo_process *process = process_of(node);
		if (!children_has_ended(process))
			continue;
		list_remove(node);
		process_release(process);
		free(process);
	}
}

void children_look(void)
{
	pthread_mutex_lock(&lock);
	children_look_here();
	pthread_mutex_unlock(&lock);
}

size_t relevo_process_children(relevo_process **list, size_t count)
{
	size_t found = 0;
	if (count > 0 && !given(list))
		return 0;
	pthread_mutex_lock(&lock);
	children_look_here();
	list_for_each (node, &children) {
		if (found < count)
			list[found] = process_of(node);
		found++;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* One that is left, daemons or others, until there is none. The list is locked. */
static struct relevo_process *children_find(bool daemon)
{
	struct list *lists[] = { &children, &orphans };
	children_look_here();
	for (size_t i = 0; i < 2; i++) {
		list_for_each (node, lists[i]) {
			if (process_of(node)->daemon == daemon)
				return process_of(node);
		}
	}
	return NULL;
}

static void signal_daemons(int number)
{
	struct list *lists[] = { &children, &orphans };
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < 2; i++) {
		list_for_each (node, lists[i]) {
			if (process_of(node)->daemon)
				pidfd_send_signal(process_of(node)->pidfd, number, NULL, 0);
		}
	}
	pthread_mutex_unlock(&lock);
}

/* Wait for those of one sort; the deadline is that of all together. */
static void children_wait_for(bool daemons, nsec_t deadline)
{
	bool in_time = true;
	while (in_time) {
		pthread_mutex_lock(&lock);
		struct relevo_process *process = children_find(daemons);
		pthread_mutex_unlock(&lock);
		if (process == NULL)
			return;
		in_time = process_wait(process, deadline);
	}
}

void children_finish(void)
{
	signal_daemons(SIGTERM);
	children_wait_for(true, clock_now() + DAEMON_TIME);
	signal_daemons(SIGKILL);
	children_wait_for(true, NSEC_NEVER);
	children_wait_for(false, NSEC_NEVER);
}
