#ifndef TRANSPORT_CHANNEL_IMPL_H
#define TRANSPORT_CHANNEL_IMPL_H

#include "base/clock.h"
#include "base/error.h"
#include "transport/address.h"
#include "transport/channel_peer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct channel;
struct listener;

/*
 * What a transport fills in. Private to lib/transport: channel.c calls through
 * these tables, and each transport embeds the two structs at the start of its
 * own.
 */
struct channel_ops {
	int (*receive)(struct channel *channel, void *bytes, size_t size, size_t *received);
	int (*send)(struct channel *channel, const struct iovec *pieces, int count, size_t *sent);
	void (*close)(struct channel *channel);
	void (*abandon)(struct channel *channel);
	/* `paused` has changed; NULL: nothing to do. */
	void (*pause)(struct channel *channel);
	/* Whether anybody waits for room; NULL: nothing to do. */
	void (*want_send)(struct channel *channel, bool wanted);
	/* See channel.h; NULL: the kernel has at once what is sent. */
	int (*drain)(struct channel *channel, nsec_t deadline);
	/* See channel.h; NULL: descriptors are not passed. */
	int (*send_descriptor)(struct channel *channel, uint8_t byte, int descriptor);
	int (*take_descriptor)(struct channel *channel, uint64_t position);
	/* Returns 0 or an error number; NULL: the peer says it. */
	int (*owner)(const struct channel *channel, uid_t *uid);
	/* Whose process listens where it was connected to, likewise; NULL: that has been looked at.
	 */
	int (*listening)(const struct channel *channel, uid_t *uid);
	size_t (*memory)(const struct channel *channel);
	/* What tells poll(2) that there is room; 0: POLLIN tells of everything. */
	short send_event;
};

struct channel {
	const struct channel_ops *ops;
	int fd;
	bool paused; /* see channel_pause() */
	struct channel_peer peer;
};

struct listener_ops {
	int (*accept)(struct listener *listener, struct channel **channel);
	/* See channel.h; NULL: the kernel tells of every end. */
	bool (*keep_alive)(struct listener *listener, uint32_t seconds);
	void (*close)(struct listener *listener);
};

struct listener {
	const struct listener_ops *ops;
	int fd;
	char url[ADDRESS_MAX];
};

int channel_unix_connect(const struct address *address, nsec_t deadline, struct channel **channel,
			 struct error *error);
int channel_nng_connect(const struct address *address, nsec_t deadline, struct channel **channel,
			struct error *error);

/* A channel on a connected socket, which it owns from then on. It keeps the
 * descriptors that arrive, or it does not. NULL when memory ran out: then the
 * socket is still the caller's. */
struct channel *channel_unix_new(int fd, bool keep_descriptors);

int listener_unix_open(const struct address *address, struct listener **listener,
		       struct error *error);
int listener_nng_open(const struct address *address, struct listener **listener,
		      struct error *error);

#endif
