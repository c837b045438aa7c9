#ifndef SUPPORT_RELAY_H
#define SUPPORT_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Somebody in between: takes one tcp connection and passes on what each side says,
 * and keeps a copy of all of it. What goes wrong in here ends both connections.
 */
struct relay {
	char url[64];
	char *heard; /* all bytes, of both directions; the relay's */
	size_t heard_size;
	/* Change the last byte of what the second side says in answer number `spoil`,
	 * from 1 on; 0: of none. */
	int spoil;
	/* From now on all that either side says vanishes. */
	atomic_bool swallows;
	/* The rest is the relay's. */
	atomic_int client; /* -1: none */
	int listener;
	uint16_t port; /* of the broker */
	pthread_t thread;
};

/* In front of that tcp:// address of this host. */
void relay_start(struct relay *relay, const char *url, int spoil);

/* End both connections. */
void relay_cut(struct relay *relay);

/* Wait until both sides have closed; then `heard` is complete. */
void relay_join(struct relay *relay);
void relay_free(struct relay *relay);

#endif
