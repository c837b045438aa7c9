#ifndef SESSION_WATCH_H
#define SESSION_WATCH_H

#include "session/call.h"
#include "session/handle.h"

#include <relevo/lock.h>

#include <stdatomic.h>

/*
 * One object that somebody waits for beside others, without a thread: what the kinds of
 * objects have to say about that. Whoever waits, the watcher, makes one by a function of the
 * kind (queue_watch() and others), and is told when to look at it again.
 */
struct watch;
struct watcher;

/* Every object that can be waited for has one: whoever does so now, or NULL. */
typedef struct watcher *_Atomic watch_slot;

struct watcher {
	/* The watch may be ready. Never blocks, and calls nothing; from any thread, whatever
	 * locks of objects it holds. */
	void (*due)(struct watcher *watcher, struct watch *watch);
	/* From a thread that holds no lock: something lies in the object now. */
	void (*stir)(struct watcher *watcher, const void *object);
	/* The same: the object is about to be closed, and has to be left. */
	void (*forget)(struct watcher *watcher, const void *object);
};

enum watch_state {
	WATCH_WAITS,
	WATCH_READY, /* its descriptors tell when it is so again */
	WATCH_STAYS, /* and has to be looked at again the next time */
	WATCH_OVER,  /* for the last time: the status says why */
};

/* If the watch has a handle, its session is locked in these calls. */
struct watch_kind {
	/* Begin to wait; due() is called once it may be ready, also from here. None of them
	 * blocks. Errors: those that end the wait. */
	int (*begin)(struct watch *watch, struct error *error);
	/* It may be ready: look, and go on waiting if not. */
	enum watch_state (*look)(struct watch *watch);
	/* Wait no more, and leave nothing held that was not told. True: it was ready, as one that
	 * cannot be asked without waiting says now. */
	bool (*end)(struct watch *watch);
	/* In a child after fork(2): the object knows nothing of the watch. NULL: it never does. */
	void (*forked)(struct watch *watch);
};

/* At the start of what each kind has for it, in memory of malloc(). */
struct watch {
	const struct watch_kind *kind;
	void *object;
	watch_slot *slot;      /* the object's; NULL: a descriptor has none */
	struct handle *handle; /* of the broker's object; NULL: none */
	int fds[2];            /* to be polled; -1: none */
	/* The watcher's: */
	struct watcher *watcher;
	void *owner;
	struct list due;
	bool keeps; /* what was told stays for a while, also after the end */
	/* What it asks of the broker: */
	struct call call;
	bool parked;
	/* The outcome, once it is ready. */
	int status;
	struct relevo_grant grant;
};

void watch_init(struct watch *watch, const struct watch_kind *kind, void *object, watch_slot *slot);

static inline void watch_due(struct watch *watch)
{
	watch->watcher->due(watch->watcher, watch);
}

/* That of a descriptor: it is ready once there is something to read, or its end, or an error. NULL:
 * memory ran out. */
struct watch *descriptor_watch(int fd);

/* Park `watch->call`, whose `take` is set. DISCONNECTED: the handle's number is good no more. */
int watch_park(struct watch *watch, Relevo__Header *header);

/* Whether what was parked has been answered; then it is parked no more, and the status is the
 * watch's. */
bool watch_answered(struct watch *watch);

/* Give up what is parked. */
void watch_unpark(struct watch *watch);

/*
 * No watcher comes or goes between these two, nor does one while an object tells it something.
 * It is taken before the locks of watchers and of sessions.
 */
void watch_lock_all(void);
void watch_unlock_all(void);

/* For objects: something lies there; and the object goes. No lock is held. */
void watch_stir(watch_slot *slot, const void *object);
void watch_forget(watch_slot *slot, const void *object);

#endif
