#ifndef NET_NETWORK_STATE_H
#define NET_NETWORK_STATE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "collections/account.h"
#include "net/loop.h"
#include "net/output.h"
#include "wire/arena.h"
#include "wire/frame.h"

#include <stdint.h>

struct connection;

/* How the layer above hears of connections. Every call comes from the loop. */
struct network_handlers {
	void *context;
	/* A connection was admitted. What this returns stands for it in the calls
	 * below; NULL closes the connection: memory ran out. */
	void *(*opened)(void *context, struct connection *connection);
	/*
	 * A frame arrived; it is valid until this returns. `status` is OK, or
	 * UNKNOWN_OPERATION, TOO_LARGE or BAD_NAME with `error` telling the rest. A frame that
	 * cannot be followed never gets here.
	 */
	void (*frame)(void *session, int status, const struct frame *frame,
		      const struct error *error);
	/* No frame comes any more, and what is sent may not arrive. Called once for
	 * each opened one, at the end of a round. */
	void (*gone)(void *session, const char *reason);
	/* How much has been done ever, in units of the layer above: see turn.h. */
	uint64_t (*work)(void *context);
	/* At most what the frame costs at once, in the same units, as far as it shows before. */
	uint64_t (*weight)(void *session, const struct frame *frame);
	/* How many bytes will be copied into its answer, as far as it shows before. */
	size_t (*answer_size)(void *session, const struct frame *frame);
	/* What is asked for from now on may cost so many at once: what can be left for later,
	 * is. UINT64_MAX: as many as the layer above finds right. */
	void (*share)(void *context, uint64_t units);
	/* The session's last frame is still being dealt with: the next is not handed up
	 * before that has been done. */
	bool (*busy)(void *session);
};

struct network_config {
	struct frame_limits limits;
	size_t max_output;         /* bytes waiting for one connection; more cuts it */
	uint32_t hello_timeout_ms; /* how long a connection may exist without greeting */
	uint32_t silence_seconds;  /* a host that does not answer for so long has vanished */
	uint32_t turn_work;        /* units of work in a turn; 0: no bound */
};

/* The turn that is under way: see turn.h. */
struct turn {
	uint64_t frames; /* handed up, ever, and what was received, in units */
	uint64_t end;    /* count of the work at which the turn is over */
	uint64_t share;  /* of one connection */
	bool heavy;      /* all who ask for less have had theirs */
};

/* What all connections share. */
struct network {
	struct loop *loop;
	struct accounts *accounts;
	struct network_config config;
	struct network_handlers handlers;
	struct output_owners owners;
	/* What a connection without half a frame reads into. So one that is idle
	 * needs no buffer of its own. */
	struct buffer scratch;
	struct buffer spare; /* see struct output */
	struct arena arena;  /* for the header of the frame at hand */
	struct list connections;
	struct list strangers; /* from other hosts, and not greeted yet; the oldest first */
	uint32_t stranger_count;
	struct list dirty;   /* connections with something to do when the round ends */
	struct list resumed; /* connections that go on in the next round, event or not */
	struct list heavy;   /* those whose next frame is more than a share: behind the others */
	struct turn turn;
};

#endif
