#ifndef STORE_STORE_SPARES_H
#define STORE_STORE_SPARES_H

#include "base/clock.h"
#include "store/store_folder.h"
#include "store/store_format.h"
#include "store/store_helper.h"

/*
 * Files for extents to come: those of extents that were trimmed, and else one made ahead of
 * need. A file that was written before is synced without anything but its bytes to write; so
 * a new one is filled with zeros, unless extents are used up so fast that this would double
 * what is written.
 */
#define STORE_SPARES_MOST 3

struct store_spares {
	const struct store_folder *folder;
	struct store_helper *helper;
	struct store_job job;
	int event;    /* of the log: there is news */
	nsec_t retry; /* after so long one that could not be made is tried again */
	pthread_mutex_t lock;
	pthread_cond_t made;
	/* Guarded by the lock. */
	uint32_t names[STORE_SPARES_MOST];
	int count;
	uint32_t last_name;
	bool making;
	nsec_t taken;         /* when the last one was */
	struct error trouble; /* why the last one that was asked for could not be made */
};

void store_spares_init(struct store_spares *spares, const struct store_folder *folder,
		       struct store_helper *helper, int event);
void store_spares_fini(struct store_spares *spares);

/* A spare of that name is there, as large as it should be. False: there are enough. */
bool store_spares_found(struct store_spares *spares, uint32_t name);

/* One will be needed: have it made, if there is none. */
void store_spares_want(struct store_spares *spares);

/* Why there is no spare though one was asked for: then what there is room for is better left to
 * what makes room. OK: there is one, or will be. It is tried again from time to time. */
int store_spares_trouble(struct store_spares *spares, struct error *error);

/* Make one the extent's file, with that head, which is durable before the name is; that counts
 * after a sync of the folder. Nothing else in it counts. Waits if one is just being made. A
 * descriptor, or -1 with *error. */
int store_spares_take(struct store_spares *spares, const struct store_file_head *head,
		      struct error *error);

/* The extent's file is one again, or goes. For the helper. */
void store_spares_recycle(struct store_spares *spares, uint32_t extent);

#endif
