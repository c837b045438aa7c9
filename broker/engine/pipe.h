#ifndef ENGINE_PIPE_H
#define ENGINE_PIPE_H

#include "core/wait.h"

struct account;
struct error;

/*
 * Pipes with a name. Who comes first waits; who comes second makes it a pipe, and the name
 * is free again. If both are local, the kernel carries it: what each gets is opaque here
 * and comes from a source. Otherwise there is a queue each way, bounded, which is
 * shut down when the session at either end is gone: its reader gets the rest.
 */
enum pipe_direction { PIPE_BOTH_WAYS, PIPE_RECEIVES, PIPE_SENDS };

/* Stands in engine_config; who has no local pipes needs none. */
struct pipe_source {
	/* Make both ends, for that account. NO_DESCRIPTORS, NO_MEMORY, SYSTEM. */
	int (*make)(struct account *account, void *ends[2], struct error *error);
	/* The engine needs one of them no more. */
	void (*release)(void *end);
};

struct pipe_request {
	const char *name;
	enum pipe_direction direction;
	bool local;      /* the session can be handed what the source makes */
	nsec_t deadline; /* 0: do not wait */
};

/* What an end is answered. */
struct pipe_meeting {
	void *end;        /* NULL: it is relayed; valid until the answer returns */
	uint32_t out, in; /* handles of this session; 0: it does not send, or receive */
};

/*
 * Come to a pipe. Answered with OK and a meeting; TIMED_OUT,
 * OPTION_MISMATCH (who waits there does the same, not the other part), BAD_NAME,
 * BAD_ARGUMENT, LIMIT, QUOTA, CANCELLED, NO_MEMORY, SYSTEM.
 */
void pipe_meet(struct engine_peer *peer, const struct pipe_request *request, nsec_t now,
	       struct waiter *waiter);

/* ---- for the engine --------------------------------------------------- */

/* The session has ended: so do the pipes that it has an end of, or a piece of them. False:
 * there is more. */
bool pipes_leave(struct engine_peer *peer);

#endif
