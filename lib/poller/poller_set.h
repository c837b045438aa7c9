#ifndef POLLER_POLLER_SET_H
#define POLLER_POLLER_SET_H

#include "base/map.h"
#include "os/event_set.h"
#include "session/watch.h"

#include <relevo/poller.h>

#include <sys/types.h>

/*
 * What can be polled for the sake of the set stands in one epoll instance: the sockets of the
 * sessions, the descriptors of pipes, and an eventfd for what no descriptor tells. Whatever may be
 * ready is in one list, and whoever waits looks at these alone.
 *
 * Locks are taken in this order: the poller's, the session's or the job's, that of the list.
 */
struct relevo_poller {
	struct watcher watcher;
	struct list link; /* of all pollers, see poller_fork.h */
	pid_t process;
	struct event_set events;
	int wake; /* an eventfd, readable while something is due and nobody looks */

	pthread_mutex_t lock;
	bool waiting; /* a thread is in relevo_poller_wait() */
	struct map entries;
	struct map sessions;
	struct list unsent; /* struct poller_session with something to send */

	pthread_mutex_t due_lock;
	struct list due; /* struct watch */
	bool raised;     /* the eventfd is readable */
	bool looking;    /* a thread is about to look at the list */
};

/* What an event of the epoll instance is for; its address is the name of the event. */
struct poller_source {
	/* Called with the poller locked. */
	void (*heard)(struct poller_source *source);
};

struct poller_session;

/* What tells entries apart: the address of an object, or a descriptor. */
struct poller_key {
	uint64_t is_descriptor;
	uint64_t value;
};

struct poller_entry {
	struct poller_source source;
	relevo_poller *poller;
	struct map_node node;
	struct poller_key key;
	struct watch *watch;
	struct poller_session *session; /* NULL: it hangs on none */
	int polled;                     /* of the watch's descriptors */
	bool always;                    /* a file, which cannot be polled and need not be */
	enum relevo_wait_for what;
	void *object;
	int descriptor;
	void *user;
};

#endif
