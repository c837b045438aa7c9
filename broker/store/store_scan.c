/* Looking at the groups of a file. */
#include "store/store_scan.h"

#include <relevo/status.h>

/* Extents have positions of their own; those of a checkpoint are offsets. */
static uint64_t scan_offset(store_position at, const struct store_window *window)
{
	uint32_t extent;
	return store_extent_named(window->name, &extent) ? (uint32_t)at : at;
}

static int scan_head(struct store_window *window, store_position at, struct store_group_head *head,
		     struct error *error)
{
	const uint8_t *bytes;
	head->kind = 0;
	int status =
		store_window_at(window, scan_offset(at, window), STORE_GROUP_HEAD, &bytes, error);
	if (status == RELEVO_OK && bytes != NULL &&
	    !store_group_head_get(bytes, at, window->unsalted ? NULL : &window->salt, head))
		head->kind = 0;
	return status;
}

int store_scan_group(struct store_window *window, store_position at, struct store_found *found,
		     struct error *error)
{
	found->records = NULL;
	int status = scan_head(window, at, &found->head, error);
	if (status != RELEVO_OK || found->head.kind == 0)
		return status;
	status = store_window_at(window, scan_offset(at, window) + STORE_GROUP_HEAD,
				 found->head.size, &found->records, error);
	if (found->records != NULL && !store_group_check(found->records, &found->head))
		found->records = NULL;
	return status;
}

int store_scan_next(struct store_window *window, store_position at, struct store_found *found,
		    struct error *error)
{
	uint64_t offset = scan_offset(at, window);
	const store_position base = at - offset;
	found->head.kind = 0;
	for (;; offset++) {
		int status = store_window_find(window, store_group_magic, &offset, error);
		if (status != RELEVO_OK || offset >= window->size)
			return status;
		status = store_scan_group(window, base + offset, found, error);
		if (status != RELEVO_OK || found->head.kind != 0)
			return status;
	}
}

int store_scan_hand_out(const struct store_found *found, store_position from,
			const struct store_taker *taker)
{
	int status = RELEVO_OK;
	for (size_t at = 0; status == RELEVO_OK && at < found->head.size;) {
		const struct store_record_head head = store_record_head_get(found->records + at);
		const store_position where = found->head.at + STORE_GROUP_HEAD + at;
		const struct store_record record = {
			.type = head.type,
			.bytes = found->records + at + STORE_RECORD_HEAD,
			.size = head.size,
		};
		if (where >= from)
			status = taker->take(taker->context, where, &record);
		at += STORE_RECORD_HEAD + (size_t)head.size;
	}
	return status;
}
