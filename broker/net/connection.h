#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "net/network_state.h"
#include "transport/channel.h"

#include <stdbool.h>

/*
 *   OPEN       frames are handed up
 *   FINISHING  nothing is handed up any more; what waits is still sent
 *   CUT        is freed when the round ends
 */
enum connection_state { CONNECTION_OPEN, CONNECTION_FINISHING, CONNECTION_CUT };

/* One client's byte stream. Only net/ looks inside. */
struct connection {
	struct network *network;
	struct channel *channel;
	struct loop_source *source;
	struct loop_timer timer; /* until greeted; and while finishing */
	struct channel_peer peer;
	void *session; /* of the layer above; NULL before and after */
	enum connection_state state;
	bool greeted;
	bool late;            /* the time for that was over once, and what had come was not read */
	const char *reason;   /* why it is not OPEN any more; static */
	struct bill bill;     /* for itself and its input */
	uint32_t descriptors; /* of the user's share */
	struct buffer input;  /* the begin of a frame; frames that wait while paused */
	size_t missing;       /* bytes that complete the frame in `input`, as far as known */
	struct output output;
	bool paused;          /* not read from: too much output waits */
	bool held;            /* nor this: it has frames, and goes on in the next round */
	bool put_off;         /* there is something to read, in the next round */
	bool mute;            /* the other end takes nothing any more */
	struct list link;     /* in network->connections */
	struct list stranger; /* in network->strangers */
	struct list dirty;    /* in network->dirty */
	struct list resumed;  /* in network->resumed, or network->heavy */
};

/* Takes the channel over, even when it fails: NULL, memory or the user's share
 * of it ran out. Nothing is handed up before connection_admit(). */
struct connection *connection_new(struct network *network, struct channel *channel);

/* When more strangers wait than may be, the oldest has to go: he has had the longest time
 * to prove himself. */
void strangers_limit(struct network *network);

/* Hand it up. */
void connection_admit(struct connection *connection);

/* The other end has said who it is: no need to hurry any more. */
void connection_greeted(struct connection *connection);

/* Who pays for what this client causes. */
struct account *connection_account(const struct connection *connection);

/* Bytes of its own that it is charged. */
size_t connection_cost(const struct connection *connection);

const struct channel_peer *connection_peer(const struct connection *connection);

/* Send a frame when the round ends; header->sizes are those of the bodies. On a
 * connection that is about to close this does nothing. */
void connection_send(struct connection *connection, const Relevo__Header *header,
		     const struct output_body *bodies);

/* The same for a frame without bodies that brings a descriptor. */
void connection_send_with(struct connection *connection, const Relevo__Header *header,
			  struct descriptor *descriptor);

/* Whether the user has a share of memory left for an answer of that size, copied. */
bool connection_affords(const struct connection *connection, size_t size);

/* Send what waits, then close. */
void connection_finish(struct connection *connection, const char *reason);

/* Send a Failure that belongs to no call, then close; logged. `reason` is
 * static. */
void connection_fail(struct connection *connection, int status, const char *reason,
		     const char *text);

/* For network.c. */
void connection_resume(struct connection *connection);
void connection_finish_round(struct connection *connection);
void connection_free(struct connection *connection);

#endif
