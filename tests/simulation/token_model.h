#ifndef SIMULATION_TOKEN_MODEL_H
#define SIMULATION_TOKEN_MODEL_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What locks, semaphores and conditions must do, said in the plainest way: arrays
 * and linear scans. Numbers of leases are the engine's to choose; the model is told.
 */
enum { TOKEN_PEERS = 4, TOKEN_PLACES = 4, TOKEN_CALLS = 24, TOKEN_PIECES = 16 };

/* A token, or a notice on its way to who waited for it. */
struct token_piece {
	uint64_t sequence; /* order of creation; the first is handed out first */
	bool died;         /* its last holder did */
	bool held;
	uint32_t peer;    /* who holds it */
	uint32_t call;    /* that it answers, until the lease is known; then TOKEN_CALLS */
	uint64_t granted; /* order of the grants */
	uint64_t lease;
	nsec_t until; /* NSEC_NEVER: no limit */
};

/* A lock, a semaphore or a condition. */
struct token_place {
	struct queue_options options;
	struct token_piece pieces[TOKEN_PIECES];
	uint32_t count;
	uint64_t last_sequence;
};

enum token_call_state { TOKEN_CALL_FREE, TOKEN_CALL_WAITS, TOKEN_CALL_DONE };

struct token_call {
	enum token_call_state state;
	uint32_t peer, place;
	uint64_t order; /* of arrival */
	nsec_t deadline;
	int status;
	bool died;
};

struct token_model {
	nsec_t now;
	uint64_t last_order;
	struct token_place places[TOKEN_PLACES];
	struct token_call calls[TOKEN_CALLS];
};

/* A place as it is when it has just been created. */
void token_model_create(struct token_model *model, uint32_t place,
			const struct queue_options *options);

/* A free call waits; deadline 0: not at all. */
void token_model_get(struct token_model *model, uint32_t call, nsec_t deadline);
void token_model_cancel(struct token_model *model, uint32_t call);

/* By the peer, of that lease. Statuses as token_release() and lease_nack(). */
int token_model_release(struct token_model *model, uint32_t peer, uint32_t place, uint64_t lease,
			bool any);
int token_model_give_up(struct token_model *model, uint32_t peer, uint64_t lease);
int token_model_ack(struct token_model *model, uint32_t peer, uint64_t lease);

/* Returns how many were woken. */
uint32_t token_model_notify(struct token_model *model, uint32_t place, uint32_t count);

/* The peer dies, or leaves in order. */
void token_model_gone(struct token_model *model, uint32_t peer, bool in_order);

/* The time is `now` of the model. */
void token_model_tick(struct token_model *model);

/* The piece that this call was answered with, or NULL when it is not held. */
struct token_piece *token_model_piece(struct token_model *model, uint32_t call);

/* Those held, or else those that are not. */
uint32_t token_model_count(const struct token_place *place, bool held);
uint32_t token_model_waiters(const struct token_model *model, uint32_t place);

#endif
