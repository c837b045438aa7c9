#ifndef STORE_STORE_WRITER_H
#define STORE_STORE_WRITER_H

#include "base/clock.h"
#include "store/store_group.h"
#include "store/store_spares.h"

/*
 * The thread that makes groups durable: it takes all that were committed so far, writes them
 * in one call, syncs, and publishes the number up to which everything is durable; the next
 * groups form meanwhile. It has no timer: it sleeps until there is something to do, and at
 * most once, for a second, after the last of it.
 *
 * When the disk refuses, it says so and tries again, after 100 ms at first and 2 s at last. What
 * a failed sync leaves behind is not known (pages may have been thrown away and count as clean).
 * So the extent's file is made anew then: what was durable is copied, what was not is written
 * again from memory, and the new file takes the place of the old one. Positions stay, and no
 * group is ever there twice.
 */
struct store_writer {
	const struct store_folder *folder;
	struct store_spares *spares;
	bool relaxed; /* to be written is enough: syncs come within a second */
	nsec_t retry; /* how long it waits at first when the disk refuses */
	int event;    /* told when something below has changed */

	pthread_t thread;
	bool runs;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Guarded by the lock. */
	struct store_group *waiting, **waiting_end; /* not yet taken */
	bool stopping;
	uint64_t wanted; /* groups up to that number are to be synced without delay */
	uint64_t written, durable;
	struct error trouble;
	unsigned rewrites; /* how often a file was replaced */

	/* The thread's own: groups that are not durable, in order. Those that are written all
	 * belong to the extent that is open. */
	struct store_group *first, **end;
	struct store_group *unwritten; /* the first that is not written */
	uint64_t last;                 /* the number of the last one written */
	uint64_t synced;               /* the number that is durable */
	int fd;                        /* -1: none is open */
	uint32_t extent;
	uint32_t salt;        /* of its file */
	uint32_t resumed;     /* an extent whose file exists already; 0: none */
	uint64_t synced_end;  /* where in the extent's file what is durable ends, */
	uint64_t written_end; /* and what is written */
	size_t unsynced;      /* bytes written and not synced */
	bool urgent;          /* somebody waits for one of them */
	bool name_unsynced;
	bool suspect;     /* the file may have lost what was written to it */
	bool wants_spare; /* the extent is half full, and no next one was asked for */
	nsec_t sync_due;  /* when lazy ones are synced, at the latest */
	nsec_t mark_due;  /* when it is noted that all is durable; NSEC_NEVER: it is noted */
};

struct store_writer_start {
	uint64_t durable;     /* the number of the last group there is */
	store_position place; /* where the next may stand; its extent's file exists, */
	bool resumed;         /* if this says so, */
	uint32_t salt;        /* and has this one */
};

/* `event` is the caller's. */
void store_writer_init(struct store_writer *writer, const struct store_folder *folder,
		       struct store_spares *spares, int event);
/* Returns 0 or an error number. */
int store_writer_start(struct store_writer *writer, const struct store_writer_start *from);
/* Write and sync what has been committed, if that can be done. */
void store_writer_stop(struct store_writer *writer);
void store_writer_fini(struct store_writer *writer);

/* The group is the writer's until its number is durable. */
void store_writer_add(struct store_writer *writer, struct store_group *group);
/* Sync lazy groups, too, up to that number. */
void store_writer_want(struct store_writer *writer, uint64_t number);

struct store_progress {
	uint64_t written, durable;
	bool trouble;
	unsigned rewrites;
};
struct store_progress store_writer_progress(struct store_writer *writer);
int store_writer_trouble(struct store_writer *writer, struct error *error);

/* store_extent_file.c: what the thread does with the files. OK, or *error. */

/* Write the groups that are not written, those of one extent. */
int store_writer_write(struct store_writer *writer, struct error *error);
/* Make all that is written durable. */
int store_writer_sync(struct store_writer *writer, struct error *error);
/* Note somewhere behind the last group that all before is durable. Not synced. */
int store_writer_mark(struct store_writer *writer, struct error *error);
void store_writer_close(struct store_writer *writer);
/* store_rewrite.c: the same in place of a file that may have lost something. */
int store_writer_rewrite(struct store_writer *writer, struct error *error);
/* The groups before that one are durable now. */
void store_writer_publish(struct store_writer *writer);
void store_writer_seal(struct store_writer *writer, struct store_group *group);

#endif
