#ifndef STORE_STORE_SCAN_H
#define STORE_STORE_SCAN_H

#include "store/store_format.h"
#include "store/store_options.h"
#include "store/store_window.h"

/*
 * Groups as they stand in a file.
 */
struct store_found {
	struct store_group_head head; /* its kind is 0: there is none */
	const uint8_t *records;       /* until the next call; NULL: not as they were written */
};

/* Look at what stands there. */
int store_scan_group(struct store_window *window, store_position at, struct store_found *found,
		     struct error *error);

/* The same for the first head from there on, if any. */
int store_scan_next(struct store_window *window, store_position at, struct store_found *found,
		    struct error *error);

/* Where the next group begins. */
static inline store_position store_scan_behind(const struct store_group_head *head)
{
	return head->at + STORE_GROUP_HEAD + head->size;
}

/* Who gets the records of a group. */
struct store_taker {
	int (*take)(void *context, store_position at, const struct store_record *record);
	void *context;
};

/* Hand out the records of a group that was checked, those from there on. */
int store_scan_hand_out(const struct store_found *found, store_position from,
			const struct store_taker *taker);

#endif
