#ifndef STORE_STORE_STATE_H
#define STORE_STORE_STATE_H

#include "store/store_extents.h"
#include "store/store_image.h"
#include "store/store_options.h"
#include "store/store_writer.h"

/* The log as its parts see it. All of this is the loop's; what threads share is inside the
 * writer, the helper, the spares and the images. */

/* Extents that are open to be read. */
enum { STORE_READERS = 8 };
struct store_reading {
	struct store_open_extent {
		uint32_t extent; /* 0: none */
		int fd;
	} open[STORE_READERS];
	unsigned next;     /* whose turn it is to be closed */
	unsigned rewrites; /* files were replaced so often when these were opened */
};

struct store_log {
	struct store base;
	struct store_folder folder;
	enum store_durability durability;
	int event;
	bool recovered;

	struct store_helper helper;
	struct store_spares spares;
	struct store_writer writer;
	struct store_extents extents;
	struct store_reading reading;
	struct store_recovery report;

	store_position place; /* where the next group may stand */
	uint64_t number;      /* of the last group that was committed */
	struct store_group_pool pool;
	struct store_group *forming; /* NULL: none */
	struct list pending;         /* committed, and not known to be durable */
	struct list *untold;         /* the first whose `done` was not called; `pending`: none */
	size_t backlog;              /* their bytes */

	store_position begins;         /* of the checkpoint that is durable; 0: none */
	struct store_image *image;     /* that is being written */
	struct store_image *finishing; /* that the helper is finishing */
	struct error image_failure;    /* of the last one */
};

static inline struct store_log *store_log_of(struct store *store)
{
	return (struct store_log *)store;
}

static inline const struct store_log *store_log_of_const(const struct store *store)
{
	return (const struct store_log *)store;
}

/* store_append.c */
int store_log_append(struct store *store, uint8_t type, const struct store_part *parts,
		     size_t count, store_position *at);
int store_log_extend(struct store *store, const struct store_part *parts, size_t count);
size_t store_log_forming(const struct store *store);
int store_log_commit(struct store *store, bool lazy, store_done *done, void *context);
size_t store_log_backlog(const struct store *store);
/* Tell of groups that are durable or will not be soon, and let go of those that are. */
void store_log_progress(struct store_log *log);
/* Have dispatch() called. */
void store_log_wake(const struct store_log *log);

/* store_read.c */
int store_log_read(struct store *store, store_position at, uint8_t *type, struct buffer *bytes,
		   struct error *error);
void store_log_ahead(struct store *store, store_position at, size_t size);
/* The file of the extent is another, or none; 0: of all. */
void store_log_forget_file(struct store_log *log, uint32_t extent);

/* store_trim.c */
void store_log_trim(struct store *store, uint32_t extent);
uint32_t store_log_next_extent(const struct store *store, uint32_t from);
/* What was trimmed and is not needed by recover() any more. */
void store_log_recycle(struct store_log *log);

/* store_checkpoint.c */
int store_log_checkpoint_begin(struct store *store, store_position *begins);
int store_log_checkpoint_add(struct store *store, uint8_t type, const struct store_part *parts,
			     size_t count);
int store_log_checkpoint_end(struct store *store, store_done *done, void *context);
size_t store_log_checkpoint_backlog(const struct store *store);
int store_log_checkpoint_failure(const struct store *store, struct error *error);
/* Let the helper finish it if all it stands on is durable; tell if it is finished. */
void store_log_checkpoint_progress(struct store_log *log);
/* Drop the one that is being written. */
void store_log_checkpoint_cancel(struct store_log *log);

/* store_start.c: recover() and what begins with it. */
int store_log_recover(struct store *store, const struct store_reader *reader, struct error *error);

#endif
