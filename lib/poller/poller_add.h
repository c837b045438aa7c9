#ifndef POLLER_POLLER_ADD_H
#define POLLER_POLLER_ADD_H

#include "poller/poller_set.h"

/* What is to be waited for. */
struct poller_object {
	enum relevo_wait_for what;
	void *object;
	int descriptor;
	void *user;
};

/* A watch of the object. BAD_ARGUMENT, BAD_STATE, CLOSED, NO_MEMORY. */
int poller_make_watch(const struct poller_object *object, struct watch **watch,
		      struct error *error);

/* FORKED: it is the parent's. */
int poller_check(const relevo_poller *poller, struct error *error);

/* Errors as relevo_poller_add_queue() and its like. */
int poller_add(relevo_poller *poller, const struct poller_object *object, nsec_t deadline,
	       struct error *error);

/* NULL: it is not there. The poller is locked, in the next two as well. */
struct poller_entry *poller_find(const relevo_poller *poller, const struct poller_key *key);

struct poller_key poller_key(const void *object, int descriptor);

/* Wait for it no more, and free it. Returns what the end of a watch does. */
bool poller_drop(struct poller_entry *entry);

#endif
