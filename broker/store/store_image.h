#ifndef STORE_STORE_IMAGE_H
#define STORE_STORE_IMAGE_H

#include "store/store_folder.h"
#include "store/store_format.h"
#include "store/store_group.h"
#include "store/store_helper.h"

/*
 * A checkpoint that is being written: the loop adds records, the helper writes them to a file
 * aside. Finished, it takes the place of the one before.
 */
struct store_image {
	const struct store_folder *folder;
	struct store_helper *helper;
	struct store_file_head head;
	struct store_job job; /* to finish or to drop it */

	/* The loop's. */
	struct store_group *forming;
	bool ended, queued;
	uint64_t target; /* groups up to that one have to be durable first */
	store_done *done;
	void *context;

	/* The helper's, until it is over. */
	int fd;
	uint64_t end;     /* of the file */
	uint64_t pieces;  /* written */
	uint64_t durable; /* what is known of the log when it is finished */
	int event;        /* told when it is over */

	pthread_mutex_t lock;
	size_t backlog; /* guarded by the lock, as the rest */
	bool dropped;
	bool over;
	struct error error;
};

/* `event` is the caller's. NULL when memory ran out. */
struct store_image *store_image_new(const struct store_folder *folder, struct store_helper *helper,
				    const struct store_file_head *head, int event);

/* NO_MEMORY, TOO_LARGE: it was not added. */
int store_image_add(struct store_image *image, uint8_t type, const struct store_part *parts,
		    size_t count);
size_t store_image_backlog(struct store_image *image);

/* All that it stands on is durable, up to that group: let it be finished. */
void store_image_finish(struct store_image *image, uint64_t durable);
/* Whether it is finished, or has failed; *error says so. */
bool store_image_over(struct store_image *image, struct error *error);
/* Free it, once it is over. */
void store_image_free(struct store_image *image);
/* Not wanted any more: it frees itself. Not after it was told to finish. */
void store_image_drop(struct store_image *image);

#endif
