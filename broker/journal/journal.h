/* Keeps in a store what the engine has that is durable, and gives it back to the next engine. */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/clock.h"
#include "base/error.h"
#include "collections/account.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct journal;
struct recorder;

struct journal_config {
	struct store *store; /* open, and nothing was asked of it; closed by journal_close() */
	uint64_t seed;       /* for hash tables */
	uint64_t extent;     /* bytes that make a checkpoint worth the while */
	nsec_t now;          /* and what that is on the wall clock: */
	uint64_t wall;
};

/* Read what is kept. The store's errors, NO_MEMORY; the store is closed then, too. */
int journal_open(const struct journal_config *config, struct journal **journal,
		 struct error *error);

/* For the engine, which is made next. */
struct recorder *journal_recorder(struct journal *journal);

/* What the engine's config needs: keys of queues and cells, and fencing tokens, begin there. */
uint64_t journal_last_key(const struct journal *journal);
uint64_t journal_last_cell(const struct journal *journal);
uint64_t journal_grants(const struct journal *journal);

/* Give everything to the engine, which is empty. NO_MEMORY, STORAGE, DAMAGED. */
int journal_restore(struct journal *journal, struct engine *engine, struct accounts *accounts,
		    struct error *error);

/* In the loop: a descriptor to wait for, and what to do then. -1: none. */
int journal_descriptor(const struct journal *journal);
void journal_dispatch(struct journal *journal);

/* What was recorded in this round is one group. False: there was no memory for that; it is part
 * of the next one. */
bool journal_flush(struct journal *journal);

/* Why what comes now would not become durable soon; OK: nothing is known against it. */
int journal_trouble(struct journal *journal, struct error *error);

/* Do a piece of what there is to do beside; the last step of a round. True: there is more. */
bool journal_work(struct journal *journal);

/* Everything is made durable if it can be; waits for that, and what it tells of it is told.
 * What the engine does from now on, while it ends, is not recorded: objects whose sessions end
 * with the broker are there again when the next one begins. */
void journal_end(struct journal *journal);

/* It has ended, and the engine is gone. NULL is allowed. */
void journal_close(struct journal *journal);

#endif
