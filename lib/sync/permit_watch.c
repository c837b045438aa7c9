/* Acquiring locks and semaphores beside waiting for other things: see session/watch.h. */
#include "base/mutant.h"
#include "queue/lease.h"
#include "sync/mutex.h"
#include "sync/semaphore.h"
#include "sync/sync_watch.h"

#include <stdlib.h>
#include <unistd.h>

/* An acquire lies at the broker. What it brings stays here until somebody is told. */
struct permit_watch {
	struct watch watch;
	struct permit_source *source;
	struct mutex *mutex; /* NULL: it is a */
	relevo_semaphore *semaphore;
	struct permit token;
};

/* The handle is the object, to whoever closes it. */
_Static_assert(offsetof(struct relevo_lock, mutex.source.queue) == 0, "another address");
_Static_assert(offsetof(struct relevo_rlock, mutex.source.queue) == 0, "another address");
_Static_assert(offsetof(struct relevo_semaphore, source.queue) == 0, "another address");

static int permit_watch_take(struct call *call, const struct frame *frame)
{
	struct watch *watch = container_of(call, struct watch, call);
	struct permit_watch *self = container_of(watch, struct permit_watch, watch);
	self->token = (struct permit){
		.epoch = self->source->queue.handle.epoch,
		.process = getpid(),
	};
	return permit_take(&self->token, frame);
}

static int permit_watch_ask(struct permit_watch *self)
{
	Relevo__QueueGet operation = RELEVO__QUEUE_GET__INIT;
	Relevo__Header header = RELEVO__HEADER__INIT;
	permit_describe_acquire(self->source, session_timeout(NSEC_NEVER), &operation, &header);
	return watch_park(&self->watch, &header);
}

static int permit_watch_begin(struct watch *watch, struct error *error)
{
	struct permit_watch *self = container_of(watch, struct permit_watch, watch);
	/* Who holds it would wait for himself: it is the next look that takes it once more. */
	if (self->mutex != NULL && self->mutex->recursive && mutex_is_held(self->mutex)) {
		watch_due(watch);
		return RELEVO_OK;
	}
	int status = permit_watch_ask(self);
	if (status != RELEVO_OK)
		error_set(error, status, "the %s \"%s\" cannot be waited for", self->source->noun,
			  watch->handle->name);
	return status;
}

static void permit_watch_own(struct permit_watch *self)
{
	self->watch.grant = self->token.grant;
	if (self->mutex != NULL)
		mutex_own(self->mutex, &self->token);
	else
		semaphore_remember(self->semaphore, &self->token);
	self->token.lease = 0;
}

/* There is none under way: it was the caller's, and may be no more. */
static enum watch_state permit_watch_again(struct permit_watch *self)
{
	struct watch *watch = &self->watch;
	if (self->mutex != NULL && mutex_acquire_again(self->mutex)) {
		watch->grant = self->mutex->token.grant;
		watch->grant.owner_died = false;
		return WATCH_OVER;
	}
	watch->status = permit_watch_ask(self);
	return watch->status == RELEVO_OK ? WATCH_WAITS : WATCH_OVER;
}

/* A token that came with a connection which is lost by now is somebody else's. */
static enum watch_state permit_watch_look(struct watch *watch)
{
	struct permit_watch *self = container_of(watch, struct permit_watch, watch);
	bool answered = watch_answered(watch);
	if (watch->parked)
		return WATCH_WAITS;
	if (!answered)
		return permit_watch_again(self);
	if (watch->status == RELEVO_OK && permit_look(self->source, &self->token) != PERMIT_HELD)
		watch->status = RELEVO_DISCONNECTED;
	if (watch->status == RELEVO_OK)
		permit_watch_own(self);
	return WATCH_OVER;
}

/* As if it had never been handed out: the next owner hears what this one was not told. */
static bool permit_watch_end(struct watch *watch)
{
	struct permit_watch *self = container_of(watch, struct permit_watch, watch);
	struct relevo_session *session = watch->handle->session;
	(void)watch_answered(watch);
	watch_unpark(watch);
	if (permit_look(self->source, &self->token) != PERMIT_HELD || MUTANT(unwatched_is_held))
		return false;
	if (MUTANT(unseen_death_is_forgotten))
		permit_release(self->source, &self->token, &(struct error){ 0 });
	else
		lease_give_back(session, &self->token.lease, 1);
	self->token.lease = 0;
	return false;
}

static const struct watch_kind permit_watch_kind = {
	.begin = permit_watch_begin,
	.look = permit_watch_look,
	.end = permit_watch_end,
};

static struct permit_watch *permit_watch_new(struct permit_source *source)
{
	struct permit_watch *self = calloc(1, sizeof *self);
	if (self == NULL)
		return NULL;
	watch_init(&self->watch, &permit_watch_kind, &source->queue, &source->queue.watched);
	self->watch.handle = &source->queue.handle;
	self->watch.call.take = permit_watch_take;
	self->source = source;
	return self;
}

static struct watch *mutex_watch(struct mutex *mutex)
{
	struct permit_watch *self = permit_watch_new(&mutex->source);
	if (self == NULL)
		return NULL;
	self->mutex = mutex;
	return &self->watch;
}

struct watch *lock_watch(relevo_lock *lock)
{
	return mutex_watch(&lock->mutex);
}

struct watch *rlock_watch(relevo_rlock *lock)
{
	return mutex_watch(&lock->mutex);
}

struct watch *semaphore_watch(relevo_semaphore *semaphore)
{
	struct permit_watch *self = permit_watch_new(&semaphore->source);
	if (self == NULL)
		return NULL;
	self->semaphore = semaphore;
	return &self->watch;
}
