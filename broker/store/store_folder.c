/* Names of a log's files, and calls on them that say what failed. */
#include "store/store_folder.h"

#include "base/mutant.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <relevo/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void store_folder_set(struct store_folder *folder, const struct store_log_options *options)
{
	*folder = (struct store_folder){
		.disk = options->disk != NULL ? options->disk : &store_disk_real,
		.fd = options->folder,
		.extent_size = options->extent_size != 0 ? options->extent_size : STORE_EXTENT_SIZE,
	};
	snprintf(folder->path, sizeof folder->path, "%s", options->path);
}

void store_extent_name(char name[STORE_NAME_SIZE], uint32_t extent)
{
	snprintf(name, STORE_NAME_SIZE, "extent-%08" PRIx32, extent);
}

void store_spare_name(char name[STORE_NAME_SIZE], uint32_t number)
{
	snprintf(name, STORE_NAME_SIZE, "spare-%08" PRIx32, number);
}

/* Only what is written in the one way that we write it. */
static bool folder_named(const char *name, const char *start, uint32_t *number)
{
	char again[STORE_NAME_SIZE];
	size_t length = strlen(start);
	if (strncmp(name, start, length) != 0 || strlen(name) != length + 8)
		return false;
	*number = (uint32_t)strtoul(name + length, NULL, 16);
	snprintf(again, sizeof again, "%s%08" PRIx32, start, *number);
	return strcmp(again, name) == 0;
}

bool store_extent_named(const char *name, uint32_t *extent)
{
	return folder_named(name, "extent-", extent) && *extent != 0;
}

bool store_spare_named(const char *name, uint32_t *number)
{
	return folder_named(name, "spare-", number);
}

int store_folder_failed(const struct store_folder *folder, const char *call, const char *name,
			struct error *error)
{
	int why = errno;
	int status =
		error_set_errno(error, RELEVO_STORAGE, why, "%s %s/%s", call, folder->path, name);
	errno = why;
	return status;
}

int store_folder_open(const struct store_folder *folder, const char *name, int flags,
		      struct error *error)
{
	int fd = folder->disk->open(folder->disk, folder->fd, name, flags);
	if (fd < 0)
		store_folder_failed(folder, "open", name, error);
	return fd;
}

void store_folder_close(const struct store_folder *folder, int fd)
{
	if (fd >= 0)
		folder->disk->close(folder->disk, fd);
}

/* What is left of the parts when so many bytes are written; *count gets how many those are. */
static struct iovec *folder_advance(struct iovec *parts, int *count, size_t written)
{
	while (*count > 0 && written >= parts->iov_len) {
		written -= parts->iov_len;
		parts++;
		--*count;
	}
	if (*count > 0) {
		parts->iov_base = (char *)parts->iov_base + written;
		parts->iov_len -= written;
	}
	return parts;
}

int store_file_write(const struct store_file *file, struct iovec *parts, int count, uint64_t offset,
		     struct error *error)
{
	const struct store_disk *disk = file->folder->disk;
	parts = folder_advance(parts, &count, 0);
	while (count > 0) {
		ssize_t written = disk->write(disk, file->fd, parts, count, offset);
		if (written == 0)
			errno = ENOSPC;
		if (written <= 0 && errno != EINTR)
			return store_folder_failed(file->folder, "write", file->name, error);
		if (written > 0) {
			offset += (uint64_t)written;
			parts = folder_advance(parts, &count, (size_t)written);
		}
	}
	return RELEVO_OK;
}

int store_file_read(const struct store_file *file, struct iovec into, uint64_t offset, size_t *got,
		    struct error *error)
{
	const struct store_disk *disk = file->folder->disk;
	*got = 0;
	while (*got < into.iov_len) {
		ssize_t size = disk->read(disk, file->fd, (char *)into.iov_base + *got,
					  into.iov_len - *got, offset + *got);
		if (size < 0 && errno != EINTR)
			return store_folder_failed(file->folder, "read", file->name, error);
		if (size == 0)
			break;
		if (size > 0)
			*got += (size_t)size;
	}
	return RELEVO_OK;
}

int store_file_sync(const struct store_file *file, struct error *error)
{
	if (MUTANT(sync_left_out))
		return RELEVO_OK;
	if (file->folder->disk->sync(file->folder->disk, file->fd) < 0)
		return store_folder_failed(file->folder, "fdatasync", file->name, error);
	return RELEVO_OK;
}

int store_file_size(const struct store_file *file, uint64_t *size, struct error *error)
{
	int64_t found = file->folder->disk->size(file->folder->disk, file->fd);
	if (found < 0)
		return store_folder_failed(file->folder, "stat", file->name, error);
	*size = (uint64_t)found;
	return RELEVO_OK;
}

int store_folder_rename(const struct store_folder *folder, const char *from, const char *to,
			struct error *error)
{
	if (folder->disk->rename(folder->disk, folder->fd, from, to) < 0)
		return store_folder_failed(folder, "rename to", to, error);
	return RELEVO_OK;
}

int store_folder_sync(const struct store_folder *folder, struct error *error)
{
	if (folder->disk->sync_folder(folder->disk, folder->fd) < 0)
		return store_folder_failed(folder, "fsync", ".", error);
	return RELEVO_OK;
}

int store_folder_unlink(const struct store_folder *folder, const char *name, struct error *error)
{
	if (folder->disk->unlink(folder->disk, folder->fd, name) < 0 && errno != ENOENT)
		return store_folder_failed(folder, "unlink", name, error);
	return RELEVO_OK;
}

/* ---- making a file ------------------------------------------------------ */

static int folder_write_zeros(const struct store_file *file, uint32_t size, struct error *error)
{
	enum { PIECE = 1 << 18 };
	void *zeros = calloc(1, PIECE);
	int status = zeros != NULL ? RELEVO_OK : error_set(error, RELEVO_NO_MEMORY, "no memory");
	for (uint32_t at = 0; status == RELEVO_OK && at < size; at += PIECE) {
		uint32_t left = size - at;
		struct iovec part = { zeros, left < PIECE ? left : PIECE };
		status = store_file_write(file, &part, 1, at, error);
	}
	free(zeros);
	return status;
}

static int folder_fill(const struct store_file *file, bool zeros, struct error *error)
{
	const struct store_folder *folder = file->folder;
	/* First, so that there is room, in one piece if possible. Some file systems cannot. */
	if (folder->disk->allocate(folder->disk, file->fd, folder->extent_size) < 0) {
		if (errno != EOPNOTSUPP && errno != EINTR && errno != ENOSYS)
			return store_folder_failed(folder, "fallocate", file->name, error);
		zeros = true;
	}
	int status = zeros ? folder_write_zeros(file, folder->extent_size, error) : RELEVO_OK;
	return status == RELEVO_OK ? store_file_sync(file, error) : status;
}

int store_folder_make(const struct store_folder *folder, const char *name, bool zeros,
		      struct error *error)
{
	struct store_file file = { folder, -1, name };
	file.fd = store_folder_open(folder, name, O_RDWR | O_CREAT | O_TRUNC, error);
	if (file.fd < 0)
		return error->status;
	int status = folder_fill(&file, zeros, error);
	if (status != RELEVO_OK) {
		struct error unused;
		store_folder_unlink(folder, name, &unused);
		store_folder_close(folder, file.fd);
		return status;
	}
	store_folder_close(folder, file.fd);
	return RELEVO_OK;
}
