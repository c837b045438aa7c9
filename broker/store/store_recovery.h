#ifndef STORE_STORE_RECOVERY_H
#define STORE_STORE_RECOVERY_H

#include "store/store_extents.h"
#include "store/store_format.h"
#include "store/store_options.h"
#include "store/store_window.h"

/*
 * Reading a log back: the checkpoint, then the groups behind its beginning, each of which must
 * have the number that follows. Where one is missing the log ends, if it never was durable:
 * groups tell up to which number everything was durable when they were written, and the end
 * of a checkpoint and the mark behind a last group do too. If any that is found behind tells that
 * the missing one was durable, the log is damaged.
 */
struct store_recover {
	const struct store_folder *folder;
	const struct store_reader *reader; /* NULL: it is only looked at */
	bool salvage;                      /* hand out what is behind damaged places, too */
	struct store_recovery *report;
	struct error *error;

	/* What is there. */
	struct store_extents files;

	/* What was found. */
	store_position begins;  /* of the checkpoint; 0: there is none */
	store_position group;   /* from where on groups are read, */
	uint64_t expected;      /* and the number of the next */
	uint64_t durable;       /* the highest that was known to be durable */
	store_position stopped; /* where the next group is missing; 0: no file was read */
	uint32_t salt;          /* of that file */
	bool stale;             /* heads of groups were found behind, in that file */
	struct store_window window;
	struct store_unsure { /* whole groups that may not be on the disk yet */
		uint64_t number;
		store_position at;
		store_position behind;
	} * unsure;
	size_t unsure_count, unsure_capacity;
};

void store_recover_fini(struct store_recover *recover);

/* List the folder, read the checkpoint, then the groups. Changes nothing. */
int store_recover_read(struct store_recover *recover);

/* store_recovery_settle.c: then write again what may not be on the disk, and remove what is no part
 * of the log. */
int store_recover_settle(struct store_recover *recover);

/* store_recovery_image.c: read the checkpoint, if there is one. */
int store_recover_image(struct store_recover *recover);

/* Something that was durable is not as it was written. */
int store_recover_damaged(struct store_recover *recover, const char *name, uint64_t at,
			  const char *what);
/* The head of the file in the window is of a version that is not known. */
int store_recover_version(const struct store_recover *recover, uint32_t version);

#endif
