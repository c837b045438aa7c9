#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/clock.h"
#include "base/error.h"
#include "cells/cell_call.h"
#include "collections/account.h"
#include "core/client_id.h"
#include "core/engine_config.h"
#include "core/item.h"
#include "core/item_hold.h"
#include "core/peer_remains.h"
#include "core/wait.h"
#include "leases/lease_call.h"
#include "queues/queue_call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The rules of the broker, and nothing but rules: no I/O, no clock, no
 * randomness of its own. Peers, time and bytes are arguments, so that a test
 * can run years of leases in a second. Single-threaded.
 *
 * Every operation that may have to wait answers its `waiter` exactly once: from
 * inside the call, or later, from inside another call, engine_tick() or a
 * completion of the recorder.
 *
 * An answer may call the engine again, and may end its own peer. Calls made from
 * inside an answer are answered after it has returned, so that the stack does not
 * grow with them; only what is refused for its arguments is answered at once. The
 * one thing an answer must not do is free the engine.
 */
struct engine;
struct recorder;    /* see recorder.h */
struct engine_peer; /* a session, as the engine sees it */

/* The recorder is not owned; NULL: nothing is recorded, and everything committed at once.
 * NULL when memory ran out. What each user may cost stands in the accounts that the peers
 * bring. */
struct engine *engine_new(const struct engine_config *config, struct recorder *recorder);

/* Of all peers it must have been said that they have gone, and the recorder be done with every
 * commit. Queues that are left stay on record. NULL is allowed. */
void engine_free(struct engine *engine);

/* Do what is due at `now`. Returns when to come again, NSEC_NEVER for never. */
nsec_t engine_tick(struct engine *engine, nsec_t now);

/* When engine_tick() has to be called next; 0 while work is left, see engine_config. */
nsec_t engine_next_deadline(const struct engine *engine);

/* How much has been done ever, in units: who takes turns compares. */
uint64_t engine_work_done(const struct engine *engine);

/* From now on a call does so many units of what can be done in pieces, and leaves the rest to
 * engine_tick(). Not more than without this, which UINT64_MAX says again. */
void engine_share(struct engine *engine, uint64_t units);

/*
 * Who the session is of, over all connections that it makes, one after the other: random bytes
 * that it has chosen. By these it is known again when it comes back, and its puts with a sequence
 * are not done twice; for CLIENT_MEMORY after its last session has ended, unless that was in
 * order. Of the sessions of one client only the last may be asked for anything. Those that are
 * another user's already are passed over.
 */
void engine_peer_identify(struct engine_peer *peer, const uint8_t id[CLIENT_ID_SIZE]);

/*
 * The number of the last token that was handed out: of all locks and semaphores together, so that
 * it rises too when one is deleted and made anew. It begins with engine_config's `grants`. Who
 * hands it to the next run of the broker has every holder's greater than those of all before.
 */
uint64_t engine_grants(const struct engine *engine);

/* At most what engine_peer_inherit() would do, in units. */
uint64_t engine_peer_weight(const struct engine_peer *peer);

/* Holds a reference to the account. NULL when memory ran out. */
struct engine_peer *engine_peer_new(struct engine *engine, struct account *account);

/*
 * Have `on_recall` called when somebody waits for an item while this session has
 * items of the queue behind the handle that it has not read yet (get_request's
 * `ahead`): it should give them back unread. Who does not do so within a second
 * loses them. Called from inside any operation; may not call the engine.
 */
void engine_peer_on_recall(struct engine_peer *peer,
			   void (*on_recall)(void *context, uint32_t handle), void *context);

/* Whether something that the session asked for, and does not wait for, is not done yet:
 * what comes next from it must not be looked at before that is. */
bool engine_peer_busy(const struct engine_peer *peer);

/* The session is there to hold objects, for a process that may not even know of it: nobody
 * counts its handles, until it speaks. It is new. */
void engine_peer_hush(struct engine_peer *peer);
void engine_peer_speak(struct engine_peer *peer);

/*
 * Have open what another session has open, under the same numbers, as long as the
 * peer, which is new, does not close it: a child that was forked has its parent's handles.
 * QUOTA, NO_MEMORY; the peer is to end then.
 */
int engine_peer_inherit(struct engine_peer *peer, const struct engine_peer *from,
			struct error *error);

/* Have `on_end` called when the session has ended altogether: from inside
 * engine_peer_gone(), or later. May not call the engine. */
void engine_peer_on_end(struct engine_peer *peer,
			void (*on_end)(void *context, const struct peer_remains *remains),
			void *context);

/*
 * The session has ended, in order or not: its waiters are dropped at once, without an
 * answer. Then what it leased goes back to its place, its wills are carried out, its
 * handles are closed, and objects that live no longer than these end. Of a large one that
 * takes some turns, in this order; it pays for what it still has until then. Nothing may
 * be asked of the peer any more.
 */
void engine_peer_gone(struct engine_peer *peer, nsec_t now);

/* The session ends in order; engine_peer_gone() has to follow. Nobody has died
 * with the tokens that it holds: they are released, or stay away if their queue
 * says so. */
void engine_peer_leave(struct engine_peer *peer);

#endif
