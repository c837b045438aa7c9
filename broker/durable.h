#ifndef BROKER_DURABLE_H
#define BROKER_DURABLE_H

#include "broker_config.h"
#include "engine/engine.h"
#include "journal/journal.h"
#include "net/loop.h"

/* The journal of a broker with a data folder, on the broker's loop. */
struct durable {
	struct journal *journal; /* NULL: nothing is durable */
	struct loop_source *source;
	bool goes_on;  /* it has more to do beside */
	bool troubled; /* the disk does not take what is to be kept, which has been logged */
};

/* Read what is in the folder. Nothing runs yet. What happened is logged. The errors of
 * journal_open() and store_log_open(); the folder is named. Without a folder nothing is done. */
int durable_open(struct durable *durable, const struct broker_config *config, uint64_t seed,
		 struct error *error);

/* What an engine that is made next begins with. */
void durable_configure(const struct durable *durable, struct engine_config *config);

/* Give it all that is kept, and be told by the loop what has become durable. */
int durable_start(struct durable *durable, struct engine *engine, struct accounts *accounts,
		  struct loop *loop, struct error *error);

/* The last steps of a round, before anything is sent. */
void durable_finish_round(struct durable *durable);

/* When the next round has to start. */
nsec_t durable_deadline(const struct durable *durable);

/* The broker is about to end: all is made durable, and what happens from now on is not. */
void durable_stop(struct durable *durable);

/* The engine is gone. */
void durable_close(struct durable *durable);

#endif
