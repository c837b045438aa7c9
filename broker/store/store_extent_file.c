/* What the commit thread does with the files of extents. */
#include "store/store_writer.h"

#include "base/mutant.h"
#include "store/store_format.h"

#include <errno.h>
#include <fcntl.h>
#include <relevo/status.h>

/* How many groups are written in one call. */
enum { GROUPS_AT_ONCE = 256 };

/* A page of a disk or of memory. */
enum { MARK_DISTANCE = 4096 };

static struct store_file extent_file(const struct store_writer *writer, char name[STORE_NAME_SIZE])
{
	store_extent_name(name, writer->extent);
	return (struct store_file){ writer->folder, writer->fd, name };
}

void store_writer_seal(struct store_writer *writer, struct store_group *group)
{
	if (group->sealed)
		return;
	struct store_group_head head = {
		.kind = STORE_GROUP_RECORDS,
		.number = group->number,
		.durable = writer->synced,
		.at = group->at,
	};
	store_group_seal(group->bytes, group->size, &head, writer->salt);
	group->sealed = true;
}

void store_writer_close(struct store_writer *writer)
{
	store_folder_close(writer->folder, writer->fd);
	writer->fd = -1;
	writer->extent = 0;
}

/* ---- from one extent to the next ---------------------------------------- */

static int extent_enter_resumed(struct store_writer *writer, struct error *error)
{
	char name[STORE_NAME_SIZE];
	store_extent_name(name, writer->resumed);
	writer->fd = store_folder_open(writer->folder, name, O_RDWR, error);
	if (writer->fd < 0)
		return error->status;
	writer->extent = writer->resumed;
	writer->resumed = 0;
	writer->name_unsynced = false;
	writer->wants_spare = true;
	return RELEVO_OK;
}

static int extent_enter(struct store_writer *writer, uint32_t extent, struct error *error)
{
	if (extent == writer->resumed)
		return extent_enter_resumed(writer, error);
	const struct store_file_head head = {
		.kind = STORE_FILE_EXTENT,
		.extent = extent,
		.salt = store_file_salt(),
		.size = writer->folder->extent_size,
	};
	writer->fd = store_spares_take(writer->spares, &head, error);
	if (writer->fd < 0)
		return error->status;
	writer->salt = head.salt;
	writer->resumed = 0;
	writer->extent = extent;
	writer->name_unsynced = true;
	writer->wants_spare = true;
	writer->synced_end = writer->written_end = STORE_FILE_HEAD;
	return RELEVO_OK;
}

/* So that what is in the next one stands on what is in this. */
static int extent_leave(struct store_writer *writer, struct error *error)
{
	int status = writer->last > writer->synced ? store_writer_sync(writer, error) : RELEVO_OK;
	if (status == RELEVO_OK)
		store_writer_close(writer);
	return status;
}

/* ---- writing ------------------------------------------------------------ */

/* A disk that is full has lost nothing; after anything else the file is not to be trusted. */
static void extent_suspect(struct store_writer *writer)
{
	if (errno != ENOSPC && errno != EDQUOT)
		writer->suspect = true;
}

static void extent_wrote(struct store_writer *writer, struct store_group *upto)
{
	for (struct store_group *group = writer->unwritten; group != upto; group = group->next) {
		writer->last = group->number;
		writer->unsynced += group->size;
		writer->urgent |= !group->lazy && !writer->relaxed;
		writer->written_end = (uint32_t)group->at + (uint64_t)group->size;
	}
	writer->unwritten = upto;
	if (writer->wants_spare && writer->written_end > writer->folder->extent_size / 2) {
		writer->wants_spare = false;
		store_spares_want(writer->spares);
	}
}

static int extent_write(struct store_writer *writer, struct error *error)
{
	struct iovec parts[GROUPS_AT_ONCE];
	char name[STORE_NAME_SIZE];
	const struct store_file file = extent_file(writer, name);
	struct store_group *group = writer->unwritten;
	const uint64_t offset = (uint32_t)group->at;
	int count = 0;
	for (; group != NULL && store_extent(group->at) == writer->extent && count < GROUPS_AT_ONCE;
	     group = group->next) {
		store_writer_seal(writer, group);
		parts[count++] = (struct iovec){ group->bytes, group->size };
	}
	int status = store_file_write(&file, parts, count, offset, error);
	if (status == RELEVO_OK)
		extent_wrote(writer, group);
	else
		extent_suspect(writer);
	return status;
}

int store_writer_write(struct store_writer *writer, struct error *error)
{
	uint32_t extent = store_extent(writer->unwritten->at);
	int status = RELEVO_OK;
	if (extent != writer->extent) {
		status = extent_leave(writer, error);
		if (status == RELEVO_OK)
			status = extent_enter(writer, extent, error);
	}
	return status == RELEVO_OK ? extent_write(writer, error) : status;
}

int store_writer_sync(struct store_writer *writer, struct error *error)
{
	char name[STORE_NAME_SIZE];
	const struct store_file file = extent_file(writer, name);
	int status = store_file_sync(&file, error);
	if (status == RELEVO_OK && writer->name_unsynced)
		status = store_folder_sync(writer->folder, error);
	if (status != RELEVO_OK) {
		writer->suspect = !MUTANT(failed_sync_trusted);
		return status;
	}
	writer->name_unsynced = false;
	store_writer_publish(writer);
	return RELEVO_OK;
}

/* Away from the last group, since what damages that must not damage this as well; if there is
 * room. */
static uint64_t extent_mark_place(const struct store_writer *writer)
{
	uint64_t away = (writer->synced_end + MARK_DISTANCE) & ~(uint64_t)(MARK_DISTANCE - 1);
	return away + STORE_GROUP_HEAD <= writer->folder->extent_size ? away : writer->synced_end;
}

int store_writer_mark(struct store_writer *writer, struct error *error)
{
	uint8_t bytes[STORE_GROUP_HEAD];
	char name[STORE_NAME_SIZE];
	if (writer->fd < 0)
		return error_set(error, RELEVO_BAD_STATE, "no file");
	const uint64_t place = extent_mark_place(writer);
	const struct store_group_head head = {
		.kind = STORE_GROUP_MARK,
		.number = writer->synced + 1,
		.durable = writer->synced,
		.at = (store_position)writer->extent << STORE_EXTENT_SHIFT | place,
	};
	struct iovec part = { bytes, sizeof bytes };
	const struct store_file file = extent_file(writer, name);
	store_group_head_put(bytes, &head, writer->salt);
	return store_file_write(&file, &part, 1, place, error);
}
