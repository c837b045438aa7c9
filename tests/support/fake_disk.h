#ifndef SUPPORT_FAKE_DISK_H
#define SUPPORT_FAKE_DISK_H

#include "store/store_disk.h"
#include "support/random.h"

#include <pthread.h>
#include <stdbool.h>

/*
 * A disk in memory, for the log. It knows what was written and what is on the disk: a sync makes
 * one of the other, and what a power cut leaves of the rest is chance. Names are durable with a
 * sync of their folder only. A sync that fails throws away what it should have written, while
 * those who read still see it.
 */
enum fake_call {
	FAKE_OPEN,
	FAKE_READ,
	FAKE_WRITE,
	FAKE_ALLOCATE,
	FAKE_TRUNCATE,
	FAKE_SYNC,
	FAKE_SYNC_FOLDER,
	FAKE_RENAME,
	FAKE_UNLINK,
	FAKE_CALLS
};
#define FAKE_ANY       ((1U << FAKE_CALLS) - 1)
#define FAKE_BIT(call) (1U << (call))

struct fake_file;

/* From that call of these kinds on, so many fail. */
struct fake_failure {
	unsigned kinds;
	unsigned long at, count;
	int reason;
};

struct fake_disk {
	struct store_disk calls; /* what the log is given */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct random random;
	struct fake_file *files; /* all there ever were */
	struct fake_name *names, *durable_names;
	struct fake_name_change *changes, **changes_end; /* of names, not durable */
	struct fake_file *open[256];

	unsigned long cut_count, cut_at; /* calls so far, and which is the one; 0: none */
	unsigned cut_kinds;
	unsigned long fail_count; /* the same for those that fail */
	struct fake_failure failure;
	uint64_t written; /* bytes, ever */
	bool off;
	bool held; /* syncs wait */
	unsigned waiting;
};

/* What becomes of what was not synced when the power goes. */
enum fake_loss { FAKE_KEEPS, FAKE_DROPS, FAKE_MIXES, FAKE_TEARS, FAKE_LOSSES };

void fake_disk_init(struct fake_disk *disk, uint64_t seed);
void fake_disk_fini(struct fake_disk *disk);

/* Nothing works any more. */
void fake_disk_cut(struct fake_disk *disk);
/* The same from that call of these kinds on (from 1, counted from now on). */
void fake_disk_cut_at(struct fake_disk *disk, unsigned kinds, unsigned long call);
bool fake_disk_is_off(struct fake_disk *disk);

void fake_disk_fail(struct fake_disk *disk, const struct fake_failure *failure);
/* Whether any did. */
bool fake_disk_has_failed(struct fake_disk *disk);

/* It works again, after a power cut. */
void fake_disk_on(struct fake_disk *disk, enum fake_loss loss);
/* It works again, after the program was killed: nothing is lost. */
void fake_disk_again(struct fake_disk *disk);

/* No call fails, and the power stays. */
void fake_disk_reset(struct fake_disk *disk);

/* Syncs wait, or go on. */
void fake_disk_hold(struct fake_disk *disk, bool held);
/* Wait until a sync waits. */
void fake_disk_await_held(struct fake_disk *disk);

/* How many bytes were written so far; and wait until it is more than that. */
uint64_t fake_disk_written(struct fake_disk *disk);
void fake_disk_await_written(struct fake_disk *disk, uint64_t more_than);

/* Of all files that have a name. */
uint64_t fake_disk_use(struct fake_disk *disk);

/* The bytes of a file as they are read, to be looked at and changed; NULL: there is none. */
uint8_t *fake_disk_bytes(struct fake_disk *disk, const char *name, size_t *size);
/* The name of the n-th file in the folder; false: there are not so many. */
bool fake_disk_name(struct fake_disk *disk, unsigned n, char name[64]);
/* Cut a file to that size. */
void fake_disk_shorten(struct fake_disk *disk, const char *name, size_t size);
/* A copy of what is there, nothing of which is unsynced. */
void fake_disk_copy(struct fake_disk *to, struct fake_disk *from, uint64_t seed);

#endif
