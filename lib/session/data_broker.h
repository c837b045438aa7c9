#ifndef SESSION_DATA_BROKER_H
#define SESSION_DATA_BROKER_H

#include "base/clock.h"
#include "base/error.h"
#include "transport/address.h"
#include "transport/channel.h"
#include "transport/data_socket.h"

#include <stdbool.h>

/*
 * The broker of a data folder, for data:// URLs: whoever comes first starts it, others find it by
 * its socket in the folder, and it ends soon after the last of them. Those are the processes that
 * hold a lock on a file in the folder (data_socket.h), with a connection or without one.
 */

/* How long it stays when nobody uses it. */
enum { DATA_BROKER_GRACE_MSEC = 1000 };

/* What a session at such an address has. */
struct data_broker {
	struct data_use use; /* of the folder */
	char *program;       /* to be started; NULL: what there is */
	bool follows;        /* starts none: it is another session's, for a moment */
};

/*
 * A connection to it. Where it may not start a broker and there is none: NO_BROKER. Otherwise what
 * broker_start() and channel_connect() say, with the broker's own reason: DENIED, NOT_FOUND (no
 * folder above it) ...; TIMED_OUT.
 */
int data_broker_dial(const struct address *address, struct data_broker *broker, nsec_t deadline,
		     struct channel **channel, struct error *error);

#endif
