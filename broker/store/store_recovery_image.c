/* Reading the checkpoint back. */
#include "store/store_recovery.h"

#include "store/store_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <relevo/status.h>

static int recover_image_take(void *context, store_position at, const struct store_record *record)
{
	struct store_recover *recover = context;
	(void)at;
	recover->report->image++;
	if (recover->reader == NULL)
		return RELEVO_OK;
	return recover->reader->image(recover->reader->context, record, recover->error);
}

static int recover_image_head(struct store_recover *recover)
{
	struct store_window *window = &recover->window;
	struct store_file_head head;
	const uint8_t *bytes;
	uint32_t version;
	int status = store_window_at(window, 0, STORE_FILE_HEAD, &bytes, recover->error);
	if (status != RELEVO_OK)
		return status;
	status = bytes != NULL ? store_file_head_get(bytes, &head, &version) : RELEVO_DAMAGED;
	if (status == RELEVO_BAD_VERSION)
		return store_recover_version(recover, version);
	if (status != RELEVO_OK || head.kind != STORE_FILE_CHECKPOINT)
		return store_recover_damaged(recover, window->name, 0, "it does not begin as one");
	window->salt = head.salt;
	recover->begins = head.begins;
	recover->group = head.group;
	recover->expected = head.number;
	return RELEVO_OK;
}

static int recover_image_group(struct store_recover *recover, const struct store_found *found)
{
	const struct store_taker taker = { recover_image_take, recover };
	if (found->head.kind == STORE_GROUP_END && found->head.durable > recover->durable)
		recover->durable = found->head.durable;
	return store_scan_hand_out(found, 0, &taker);
}

static int recover_image_damaged(struct store_recover *recover, store_position at)
{
	return store_recover_damaged(recover, recover->window.name, at,
				     "what it holds is not as it was written");
}

static int recover_image_groups(struct store_recover *recover)
{
	struct store_found found = { 0 };
	store_position at = STORE_FILE_HEAD;
	for (uint64_t number = 1; found.head.kind != STORE_GROUP_END; number++) {
		int status = store_scan_group(&recover->window, at, &found, recover->error);
		if (status == RELEVO_OK &&
		    (found.head.kind == 0 || found.records == NULL || found.head.number != number))
			status = recover_image_damaged(recover, at);
		if (status == RELEVO_OK)
			status = recover_image_group(recover, &found);
		if (status != RELEVO_OK)
			return status;
		at = store_scan_behind(&found.head);
	}
	return RELEVO_OK;
}

/* All of it that can be read. */
static int recover_image_salvage(struct store_recover *recover)
{
	struct store_found found = { 0 };
	for (store_position at = STORE_FILE_HEAD;;) {
		int status = store_scan_next(&recover->window, at, &found, recover->error);
		if (status != RELEVO_OK || found.head.kind == 0)
			return status;
		if (found.records != NULL)
			status = recover_image_group(recover, &found);
		if (status != RELEVO_OK)
			return status;
		at = found.records != NULL ? store_scan_behind(&found.head) : found.head.at + 1;
	}
}

int store_recover_image(struct store_recover *recover)
{
	if (store_window_open(&recover->window, recover->folder, STORE_CHECKPOINT, O_RDONLY,
			      recover->error) != RELEVO_OK)
		return errno == ENOENT ? RELEVO_OK : recover->error->status;
	int status = recover_image_head(recover);
	/* Without it the log is read from its first extent on. */
	if (status == RELEVO_DAMAGED && recover->salvage)
		return RELEVO_OK;
	if (status == RELEVO_OK)
		status = recover->salvage ? recover_image_salvage(recover)
					  : recover_image_groups(recover);
	store_window_close(&recover->window);
	return status;
}
