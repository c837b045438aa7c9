#ifndef CLI_DATA_LOAD_H
#define CLI_DATA_LOAD_H

#include "journal/kept_walk.h"
#include "store/store_log.h"

/*
 * What a data folder keeps, read without its broker, which may go on with it meanwhile. Nothing is
 * locked, and nothing changed. What it writes meanwhile may look like damage; so what is damaged is
 * read again, and counts if it still is.
 */
struct data {
	const char *path;
	struct store_log_options options;
	struct kept kept;
	int verdict; /* OK; DAMAGED: `damage` and `found` say what */
	struct error damage;
	struct store_recovery found;
	struct store *store; /* to read items from */
	struct kept_walk walk;
};

/* An exit status; what went wrong has been said. To be closed in any case. */
int data_load(struct data *data, const char *path);
void data_close(struct data *data);

/* After a walk: tell gaps that are damage from those that the broker made. An exit status. */
int data_look_again(struct data *data);

/* Whether nothing is damaged or lost. */
bool data_is_whole(const struct data *data);

/* Say what is damaged, and what was lost with it; `done`: what was done with the rest. An exit
 * status. */
int data_say_damage(const struct data *data, const char *done);

/* Why the folder at hand cannot be read or written, said. An exit status. */
int data_failure(const struct error *error);

/* The queues, by name; free() them. NULL: no memory. */
struct kept_queue **data_queues(const struct data *data);

#endif
