/* After a log was read back: its end made durable, and what is no part of it removed. */
#include "store/store_recovery.h"

#include "store/store_spares.h"

#include <fcntl.h>
#include <relevo/status.h>
#include <string.h>

/* Write again, as it is: what an earlier run could not sync may be in memory only, and count as
 * written there. */
static int settle_group(struct store_recover *recover, const struct store_unsure *unsure)
{
	struct store_window *window = &recover->window;
	const uint32_t from = (uint32_t)unsure->at;
	const uint32_t size = (uint32_t)unsure->behind - from;
	const uint8_t *bytes;
	int status = store_window_at(window, from, size, &bytes, recover->error);
	if (status != RELEVO_OK)
		return status;
	if (bytes == NULL)
		return error_set(recover->error, RELEVO_STORAGE, "%s/%s is shorter than it was",
				 recover->folder->path, window->name);
	struct iovec part = { (void *)(uintptr_t)bytes, size };
	return store_file_write(&window->file, &part, 1, from, recover->error);
}

static int settle_open(struct store_recover *recover, uint32_t extent)
{
	char name[STORE_NAME_SIZE];
	store_extent_name(name, extent);
	return store_window_open(&recover->window, recover->folder, name, O_RDWR, recover->error);
}

static int settle_groups(struct store_recover *recover)
{
	uint32_t open = 0;
	int status = RELEVO_OK;
	for (size_t i = 0; status == RELEVO_OK && i < recover->unsure_count; i++) {
		uint32_t extent = store_extent(recover->unsure[i].at);
		if (open != extent && open != 0)
			status = store_file_sync(&recover->window.file, recover->error);
		if (open != extent && status == RELEVO_OK)
			status = settle_open(recover, extent);
		open = extent;
		if (status == RELEVO_OK)
			status = settle_group(recover, &recover->unsure[i]);
	}
	if (status == RELEVO_OK && open != 0)
		status = store_file_sync(&recover->window.file, recover->error);
	store_window_close(&recover->window);
	return status;
}

/* Files behind the end of the log have nothing that counts, and must not look as if they had. */
static int settle_behind(struct store_recover *recover)
{
	const uint32_t last = store_extent(recover->stopped);
	int status = RELEVO_OK;
	while (status == RELEVO_OK && recover->files.count > 0) {
		uint32_t extent = recover->files.states[recover->files.count - 1].number;
		char name[STORE_NAME_SIZE];
		if (extent <= last)
			break;
		store_extent_name(name, extent);
		status = store_folder_unlink(recover->folder, name, recover->error);
		recover->files.count--;
	}
	return status;
}

int store_recover_settle(struct store_recover *recover)
{
	static const char *const temporary[] = {
		STORE_CHECKPOINT_NEW,
		STORE_SPARE_NEW,
		STORE_REWRITE_NEW,
	};
	int status = settle_groups(recover);
	if (status == RELEVO_OK)
		status = settle_behind(recover);
	for (size_t i = 0; status == RELEVO_OK && i < sizeof temporary / sizeof temporary[0]; i++)
		status = store_folder_unlink(recover->folder, temporary[i], recover->error);
	return status == RELEVO_OK ? store_folder_sync(recover->folder, recover->error) : status;
}
