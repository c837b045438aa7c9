/* Reading a record: from memory while its group is there, else from its file. */
#include "store/store_state.h"

#include "store/store_format.h"

#include <fcntl.h>
#include <inttypes.h>
#include <relevo/status.h>
#include <string.h>

/* ---- from memory -------------------------------------------------------- */

static bool read_is_in(const struct store_group *group, store_position at)
{
	return group != NULL && at >= group->at && at < group->at + group->size;
}

static const struct store_group *read_find_group(const struct store_log *log, store_position at)
{
	if (read_is_in(log->forming, at))
		return log->forming;
	/* Most are older than all that is in memory. */
	list_for_each (node, &log->pending) {
		const struct store_group *group = container_of(node, struct store_group, pending);
		if (at < group->at)
			break;
		if (read_is_in(group, at))
			return group;
	}
	return NULL;
}

static int read_not_found(store_position at, struct error *error)
{
	return error_set(error, RELEVO_NOT_FOUND,
			 "no record begins at %" PRIu32 " of extent %" PRIu32, (uint32_t)at,
			 store_extent(at));
}

static int read_no_memory(struct error *error)
{
	return error_set(error, RELEVO_NO_MEMORY, "no memory to read a record");
}

/* The group's checksums may not be there yet, but whoever asks for a record was told where. */
static int read_from_group(const struct store_group *group, store_position at, uint8_t *type,
			   struct buffer *bytes, struct error *error)
{
	size_t next = STORE_GROUP_HEAD;
	while (next < group->size) {
		const struct store_record_head head = store_record_head_look(group->bytes + next);
		if (group->at + next == at) {
			*type = head.type;
			return buffer_append(bytes, group->bytes + next + STORE_RECORD_HEAD,
					     head.size)
				       ? RELEVO_OK
				       : read_no_memory(error);
		}
		next += STORE_RECORD_HEAD + (size_t)head.size;
	}
	return read_not_found(at, error);
}

/* ---- from a file -------------------------------------------------------- */

void store_log_forget_file(struct store_log *log, uint32_t extent)
{
	for (int i = 0; i < STORE_READERS; i++) {
		struct store_open_extent *open = &log->reading.open[i];
		if (open->extent == 0 || (extent != 0 && open->extent != extent))
			continue;
		store_folder_close(&log->folder, open->fd);
		open->extent = 0;
	}
}

/* A descriptor, or -1. */
static int read_open(struct store_log *log, uint32_t extent, struct error *error)
{
	struct store_reading *reading = &log->reading;
	char name[STORE_NAME_SIZE];
	for (int i = 0; i < STORE_READERS; i++) {
		if (reading->open[i].extent == extent)
			return reading->open[i].fd;
	}
	store_extent_name(name, extent);
	int fd = store_folder_open(&log->folder, name, O_RDONLY, error);
	if (fd < 0)
		return -1;
	struct store_open_extent *place = &reading->open[reading->next++ % STORE_READERS];
	if (place->extent != 0)
		store_folder_close(&log->folder, place->fd);
	*place = (struct store_open_extent){ extent, fd };
	return fd;
}

static int read_damaged(const struct store_file *file, store_position at, struct error *error)
{
	return error_set(error, RELEVO_DAMAGED,
			 "%s/%s is damaged at %" PRIu32
			 ": the record there is not as it was written",
			 file->folder->path, file->name, (uint32_t)at);
}

static int read_bytes(const struct store_file *file, struct iovec into, store_position at,
		      struct error *error)
{
	size_t got;
	int status = store_file_read(file, into, (uint32_t)at, &got, error);
	if (status == RELEVO_OK && got < into.iov_len)
		return read_damaged(file, at, error);
	return status;
}

static int read_from_file(const struct store_file *file, store_position at, uint8_t *type,
			  struct buffer *bytes, struct error *error)
{
	uint8_t start[STORE_RECORD_HEAD];
	uint64_t size;
	int status = store_file_size(file, &size, error);
	if (status == RELEVO_OK)
		status = read_bytes(file, (struct iovec){ start, sizeof start }, at, error);
	if (status != RELEVO_OK)
		return status;
	const struct store_record_head head = store_record_head_get(start);
	if (head.size > size)
		return read_damaged(file, at, error);
	uint8_t *to = buffer_reserve(bytes, head.size > 0 ? head.size : 1);
	if (to == NULL)
		return read_no_memory(error);
	status = read_bytes(file, (struct iovec){ to, head.size }, at + STORE_RECORD_HEAD, error);
	if (status != RELEVO_OK)
		return status;
	if (store_record_crc(at, &head, to) != head.crc)
		return read_damaged(file, at, error);
	buffer_commit(bytes, head.size);
	*type = head.type;
	return RELEVO_OK;
}

int store_log_read(struct store *store, store_position at, uint8_t *type, struct buffer *bytes,
		   struct error *error)
{
	struct store_log *log = store_log_of(store);
	const struct store_group *group = read_find_group(log, at);
	char name[STORE_NAME_SIZE];
	struct error failed;
	buffer_truncate(bytes, 0);
	if (group != NULL)
		return read_from_group(group, at, type, bytes, error);
	if (at >= log->place)
		return read_not_found(at, error);
	int fd = read_open(log, store_extent(at), &failed);
	if (fd < 0) {
		if (error != NULL)
			*error = failed;
		return failed.status;
	}
	store_extent_name(name, store_extent(at));
	const struct store_file file = { &log->folder, fd, name };
	return read_from_file(&file, at, type, bytes, error);
}

void store_log_ahead(struct store *store, store_position at, size_t size)
{
	struct store_log *log = store_log_of(store);
	struct error unused;
	if (at >= log->place || read_find_group(log, at) != NULL)
		return;
	int fd = read_open(log, store_extent(at), &unused);
	if (fd >= 0)
		log->folder.disk->ahead(log->folder.disk, fd, (uint32_t)at,
					STORE_RECORD_HEAD + size);
}
