/* An extent's file made anew, after a sync that failed: see store_writer.h. */
#include "store/store_writer.h"

#include "store/store_format.h"

#include <fcntl.h>
#include <relevo/status.h>
#include <stdlib.h>

enum { COPY_SIZE = 1 << 18 };

/* What was durable stays as it was, byte for byte: the head, and groups. */
static int rewrite_copy(const struct store_file *from, const struct store_file *to, uint64_t size,
			struct error *error)
{
	uint8_t *bytes = malloc(COPY_SIZE);
	int status = bytes != NULL ? RELEVO_OK : error_set(error, RELEVO_NO_MEMORY, "no memory");
	for (uint64_t at = 0; status == RELEVO_OK && at < size;) {
		struct iovec part = { bytes, size - at < COPY_SIZE ? size - at : COPY_SIZE };
		size_t got;
		status = store_file_read(from, part, at, &got, error);
		if (status == RELEVO_OK && got < part.iov_len)
			status = error_set(error, RELEVO_STORAGE, "%s/%s is shorter than it was",
					   from->folder->path, from->name);
		if (status == RELEVO_OK)
			status = store_file_write(to, &part, 1, at, error);
		at += got;
	}
	free(bytes);
	return status;
}

/* All groups of the extent that are not durable, written before or not. */
static int rewrite_groups(struct store_writer *writer, const struct store_file *to,
			  struct store_group **upto, struct error *error)
{
	struct store_group *group = writer->first;
	int status = RELEVO_OK;
	for (; status == RELEVO_OK && group != NULL && store_extent(group->at) == writer->extent;
	     group = group->next) {
		struct iovec part = { group->bytes, group->size };
		store_writer_seal(writer, group);
		part.iov_base = group->bytes;
		status = store_file_write(to, &part, 1, (uint32_t)group->at, error);
	}
	*upto = group;
	return status;
}

static int rewrite_fill(struct store_writer *writer, const struct store_file *to,
			struct store_group **upto, struct error *error)
{
	char name[STORE_NAME_SIZE];
	const struct store_file from = { writer->folder, writer->fd, name };
	store_extent_name(name, writer->extent);
	int status = rewrite_copy(&from, to, writer->synced_end, error);
	if (status == RELEVO_OK)
		status = rewrite_groups(writer, to, upto, error);
	if (status == RELEVO_OK)
		status = store_file_sync(to, error);
	if (status == RELEVO_OK)
		status = store_folder_rename(writer->folder, to->name, name, error);
	return status == RELEVO_OK ? store_folder_sync(writer->folder, error) : status;
}

static void rewrite_done(struct store_writer *writer, int fd, struct store_group *upto)
{
	store_folder_close(writer->folder, writer->fd);
	writer->fd = fd;
	for (struct store_group *group = writer->first; group != upto; group = group->next) {
		writer->last = group->number;
		writer->written_end = (uint32_t)group->at + (uint64_t)group->size;
	}
	writer->unwritten = upto;
	writer->suspect = false;
	writer->name_unsynced = false;
	pthread_mutex_lock(&writer->lock);
	writer->rewrites++;
	pthread_mutex_unlock(&writer->lock);
	store_writer_publish(writer);
}

int store_writer_rewrite(struct store_writer *writer, struct error *error)
{
	const struct store_folder *folder = writer->folder;
	struct store_group *upto = NULL;
	if (store_folder_make(folder, STORE_REWRITE_NEW, false, error) != RELEVO_OK)
		return error->status;
	struct store_file to = { folder, -1, STORE_REWRITE_NEW };
	to.fd = store_folder_open(folder, STORE_REWRITE_NEW, O_RDWR, error);
	if (to.fd < 0)
		return error->status;
	int status = rewrite_fill(writer, &to, &upto, error);
	if (status != RELEVO_OK) {
		struct error unused;
		store_folder_unlink(folder, STORE_REWRITE_NEW, &unused);
		store_folder_close(folder, to.fd);
		return status;
	}
	rewrite_done(writer, to.fd, upto);
	return RELEVO_OK;
}
