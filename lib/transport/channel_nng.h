#ifndef TRANSPORT_CHANNEL_NNG_H
#define TRANSPORT_CHANNEL_NNG_H

#include "transport/channel_impl.h"

#include <nng/nng.h>

/*
 * Shared by channel_nng.c and listener_nng.c only: nobody else sees nng.
 *
 * nng's threads do the reading, writing and accepting, and nobody can wait for
 * them with poll(2). So each object has an event, raised exactly while the
 * object has something to say.
 */

/*
 * nng aborts the process when it is used after fork(2). OK when this process
 * may use it (and from then on it is the one that does), else FORKED.
 */
int channel_nng_enter(struct error *error);

/* The same for objects that exist already. */
bool channel_nng_is_usable(void);

/* A channel on a connected stream, which it owns from then on. Returns OK, or
 * NO_MEMORY or NO_DESCRIPTORS: then the stream is the caller's. */
int channel_nng_new(nng_stream *stream, struct channel **channel);

/* What to say of a failure of nng's that is not about an address: NO_DESCRIPTORS,
 * NO_MEMORY, DENIED, else SYSTEM. */
int channel_nng_status(int why);

#endif
