#ifndef TRANSPORT_CHANNEL_PEER_H
#define TRANSPORT_CHANNEL_PEER_H

#include "transport/address.h"

#include <stdbool.h>
#include <sys/types.h>

/* Who is at the other end, as far as the kernel vouches for it. */
struct channel_peer {
	bool local; /* then the next two are known */
	uid_t uid;
	pid_t pid;
	char address[ADDRESS_MAX]; /* "unix", or host:port of the other end */
};

#endif
