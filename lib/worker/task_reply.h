#ifndef WORKER_TASK_REPLY_H
#define WORKER_TASK_REPLY_H

#include "base/buffer.h"

#include <relevo/pool.h>

#include <pthread.h>

/*
 * What the functions of one chunk have answered since the last part was sent:
 * the results, one behind the other, the last of which is being made.
 */
struct relevo_reply {
	struct buffer bodies;
	size_t before; /* bytes of the results that are complete */
	bool failed;   /* the one in the making is the text of an error */
	/* Held while a function changes any of this: somebody may end it, and answer
	 * in its stead. */
	pthread_mutex_t lock;
	/* Sends what a function says while it runs. */
	int (*progress)(struct relevo_reply *reply, const struct relevo_bytes *said);
};

/* The next result is empty until the function sets it. */
void task_reply_begin(struct relevo_reply *reply);

/* Bytes of the result in the making. */
size_t task_reply_size(const struct relevo_reply *reply);

/* Forget the complete results, keeping the one in the making. */
void task_reply_drop_complete(struct relevo_reply *reply);

/* The result in the making, in place of any set before; the lock is held. False when
 * memory ran out. */
bool task_reply_put(struct relevo_reply *reply, const void *data, size_t size, bool failed);

#endif
