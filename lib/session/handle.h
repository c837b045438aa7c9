#ifndef SESSION_HANDLE_H
#define SESSION_HANDLE_H

#include "base/name.h"
#include "session/session.h"

struct handle;

/* What differs between the objects of the broker. Both are called with the session
 * locked. */
struct handle_kind {
	/* Open the object that has the handle's name, and call handle_opened(). */
	int (*open)(struct handle *handle, nsec_t deadline, struct error *error);
	/* Give a number back to the broker. */
	void (*close)(struct relevo_session *session, uint32_t number);
};

/*
 * The part of every object in the program that stands for one in the broker. Its
 * number there is good for one connection; in a forked child, or after a
 * connection was lost, the object is found again by its name and identity.
 */
struct handle {
	struct relevo_session *session;
	const struct handle_kind *kind;
	const char *what; /* in messages: "queue" */
	char name[NAME_MAX_BYTES + 1];
	bool durable;      /* it outlives its broker, and calls on it the connection */
	uint64_t identity; /* of the object itself; of a durable one for good, else in the life of
			    * the broker */

	/* Where the number is valid: that connection of that broker. */
	uint64_t epoch;
	uint64_t broker;
	uint32_t number;
	uint64_t reopening; /* the connection in which a thread is finding it again */
};

/* The broker's answer has come. The session is locked. */
void handle_opened(struct handle *handle, const char *name, uint32_t number, uint64_t identity);

/* session_enter() for a call on this object: opens it again if it has to. GONE
 * when another one has its name by now, or none. */
int handle_enter(struct handle *handle, nsec_t deadline, struct error *error);

/* After a call on this object, with its outcome: see ride_on(). Only those on durable ones are
 * made again. */
bool handle_rides(const struct handle *handle, nsec_t deadline, int *status, struct error *error);

/* Whether the broker knows the numbers of handles that were opened in that epoch, in a forked
 * child for it, too. The session is locked. */
bool handle_is_known(struct relevo_session *session, uint64_t epoch);

/* Give the number back, if it is still good. The session is locked. */
void handle_release(struct handle *handle);

#endif
