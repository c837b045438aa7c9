#ifndef SESSION_PRIVATE_BROKER_H
#define SESSION_PRIVATE_BROKER_H

#include "base/clock.h"
#include "base/error.h"
#include "transport/address.h"

#include <stdbool.h>

/*
 * The private broker: started when a program asks for no broker in particular
 * and there is none for it. One for a process and all it forks, found by an abstract socket
 * whose name the kernel makes up. It ends when the last process of them has ended
 * or closed its last session: they hold a pipe open that it watches.
 *
 * Should it be killed, another program may get its name. So who connects asks with
 * private_broker_runs() whether the pipe has its reader still: one that has, once the connection
 * stands, is the broker at the other end.
 */
struct private_broker;

/* What it is to be started with. */
struct private_broker_start {
	const char *program; /* NULL: what there is */
	const char *why;     /* there is no other broker */
	nsec_t deadline;
};

/* One more reference; starts it with the first, and anew when the one before was killed.
 * Fills in the address. NO_BROKER (it cannot be started; the text says why), TIMED_OUT (it
 * does not come to listen; it is ended), NO_DESCRIPTORS, NO_MEMORY, SYSTEM. */
int private_broker_acquire(const struct private_broker_start *start, struct private_broker **broker,
			   struct address *address, struct error *error);

/* One more reference for who has one. */
struct private_broker *private_broker_again(struct private_broker *broker);

/* One more to that which new sessions get, so that it stays; NULL: there is none. */
struct private_broker *private_broker_hold(void);

/* NULL is allowed. */
void private_broker_release(struct private_broker *broker);

/* Whether it has not ended. */
bool private_broker_runs(const struct private_broker *broker);

/* The pipe's end and the address, for a process that is started by others means than fork(2):
 * -1 when there is no such broker. The descriptor stays the library's. */
int private_broker_life(const char **url);

/* In such a process, before it has any session: hold the broker of its creator. */
void private_broker_adopt(const char *url, int life_fd);

/* Around fork(2). */
void private_broker_lock(void);
void private_broker_unlock(void);

#endif
