/* The broker's event loop, with epoll and a heap of timers: see loop.h. */
#include "net/loop.h"

#include "base/list.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Descriptors that one round serves at most; the others come with the next. */
enum { EVENTS_PER_ROUND = 64 };

struct loop {
	int epoll;
	bool stopping;
	nsec_t now;
	size_t source_count;
	struct list removed; /* sources that this round may still have events for */
	struct heap timers;
};

struct loop_source {
	struct loop *loop;
	int fd;
	uint32_t events;
	loop_callback *callback; /* NULL: removed */
	void *context;
	struct list link; /* in loop->removed */
};

int loop_open(struct loop **loop, struct error *error)
{
	struct loop *new = calloc(1, sizeof *new);
	if (new == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the loop");
	new->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (new->epoll < 0) {
		free(new);
		return error_set_errno(error, RELEVO_SYSTEM, errno, "epoll_create1");
	}
	new->now = clock_now();
	list_init(&new->removed);
	*loop = new;
	return RELEVO_OK;
}

static void free_removed(struct loop *loop)
{
	list_for_each (node, &loop->removed) {
		list_remove(node);
		free(container_of(node, struct loop_source, link));
	}
}

void loop_close(struct loop *loop)
{
	if (loop == NULL)
		return;
	free_removed(loop);
	assert(loop->source_count == 0);
	heap_fini(&loop->timers);
	close(loop->epoll);
	free(loop);
}

struct loop_source *loop_add(struct loop *loop, int fd, uint32_t events, loop_callback *callback,
			     void *context)
{
	struct loop_source *source = calloc(1, sizeof *source);
	if (source == NULL)
		return NULL;
	*source = (struct loop_source){
		.loop = loop,
		.fd = fd,
		.events = events,
		.callback = callback,
		.context = context,
	};
	struct epoll_event event = { .events = events, .data.ptr = source };
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		free(source);
		return NULL;
	}
	loop->source_count++;
	return source;
}

void loop_watch(struct loop_source *source, uint32_t events)
{
	if (source->events == events)
		return;
	struct epoll_event event = { .events = events, .data.ptr = source };
	/* Fails only for a descriptor that is not there: a mistake of ours. */
	int failed = epoll_ctl(source->loop->epoll, EPOLL_CTL_MOD, source->fd, &event);
	assert(failed == 0);
	(void)failed;
	source->events = events;
}

void loop_remove(struct loop_source *source)
{
	if (source == NULL)
		return;
	epoll_ctl(source->loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	source->callback = NULL;
	source->loop->source_count--;
	list_append(&source->loop->removed, &source->link);
}

bool loop_set_timer(struct loop *loop, struct loop_timer *timer, nsec_t deadline)
{
	loop_cancel_timer(loop, timer);
	return heap_push(&loop->timers, &timer->node, deadline);
}

void loop_cancel_timer(struct loop *loop, struct loop_timer *timer)
{
	heap_remove(&loop->timers, &timer->node);
}

static nsec_t loop_next_deadline(const struct loop *loop, const struct loop_hooks *hooks)
{
	nsec_t deadline = hooks->deadline(hooks->context);
	const struct heap_node *first = heap_first(&loop->timers);
	return first != NULL && first->key < deadline ? first->key : deadline;
}

static void fire_timers(struct loop *loop)
{
	struct heap_node *first;
	while ((first = heap_first(&loop->timers)) != NULL && first->key <= loop->now) {
		heap_remove(&loop->timers, first);
		struct loop_timer *timer = container_of(first, struct loop_timer, node);
		timer->fire(timer);
	}
}

static int wait_and_dispatch(struct loop *loop, nsec_t deadline)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	/* Only a deadline is worth asking the clock before waiting. */
	int timeout = deadline == NSEC_NEVER ? -1 : clock_poll_timeout(clock_now(), deadline);
	int count = epoll_wait(loop->epoll, events, EVENTS_PER_ROUND, timeout);
	if (count < 0 && errno != EINTR)
		return RELEVO_SYSTEM;
	loop->now = clock_now();
	for (int i = 0; i < count; i++) {
		struct loop_source *source = events[i].data.ptr;
		if (source->callback != NULL)
			source->callback(source->context, events[i].events);
	}
	return RELEVO_OK;
}

int loop_run(struct loop *loop, const struct loop_hooks *hooks, struct error *error)
{
	while (!loop->stopping) {
		if (wait_and_dispatch(loop, loop_next_deadline(loop, hooks)) != RELEVO_OK)
			return error_set_errno(error, RELEVO_SYSTEM, errno, "epoll_wait");
		fire_timers(loop);
		hooks->finish_round(hooks->context);
		free_removed(loop);
	}
	/* Stopped before it ran, it does not run; but then it can be run again. */
	loop->stopping = false;
	return RELEVO_OK;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

nsec_t loop_now(const struct loop *loop)
{
	return loop->now;
}
