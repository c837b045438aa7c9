/* The real disk: each call as the system has it. */
#include "store/store_disk.h"

#include "os/descriptor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int disk_open(const struct store_disk *disk, int folder, const char *name, int flags)
{
	(void)disk;
	/* Not waiting: what has the name may be no file of ours, but a FIFO. */
	int fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat what;
	if (fd >= 0 && (fstat(fd, &what) < 0 || !S_ISREG(what.st_mode))) {
		close(fd);
		/* "Not a regular file", as near as there is. */
		errno = EINVAL;
		return -1;
	}
	return descriptor_raise(fd);
}

static void disk_close(const struct store_disk *disk, int fd)
{
	(void)disk;
	close(fd);
}

static ssize_t disk_read(const struct store_disk *disk, int fd, void *bytes, size_t size,
			 uint64_t offset)
{
	(void)disk;
	return pread(fd, bytes, size, (off_t)offset);
}

static ssize_t disk_write(const struct store_disk *disk, int fd, const struct iovec *parts,
			  int count, uint64_t offset)
{
	(void)disk;
	return pwritev(fd, parts, count, (off_t)offset);
}

static int disk_allocate(const struct store_disk *disk, int fd, uint64_t size)
{
	(void)disk;
	return fallocate(fd, 0, 0, (off_t)size);
}

static int disk_truncate(const struct store_disk *disk, int fd, uint64_t size)
{
	(void)disk;
	return ftruncate(fd, (off_t)size);
}

static int disk_sync(const struct store_disk *disk, int fd)
{
	(void)disk;
	return fdatasync(fd);
}

static int disk_sync_folder(const struct store_disk *disk, int folder)
{
	(void)disk;
	return fsync(folder);
}

static int disk_rename(const struct store_disk *disk, int folder, const char *from, const char *to)
{
	(void)disk;
	return renameat(folder, from, folder, to);
}

static int disk_unlink(const struct store_disk *disk, int folder, const char *name)
{
	(void)disk;
	return unlinkat(folder, name, 0);
}

static int64_t disk_size(const struct store_disk *disk, int fd)
{
	struct stat seen;
	(void)disk;
	return fstat(fd, &seen) == 0 ? (int64_t)seen.st_size : -1;
}

static int disk_list(const struct store_disk *disk, int folder,
		     void (*visit)(void *context, const char *name), void *context)
{
	(void)disk;
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *open = fd >= 0 ? fdopendir(fd) : NULL;
	if (open == NULL) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	const struct dirent *entry;
	while ((entry = readdir(open)) != NULL)
		visit(context, entry->d_name);
	closedir(open);
	return 0;
}

static void disk_ahead(const struct store_disk *disk, int fd, uint64_t offset, uint64_t size)
{
	(void)disk;
	posix_fadvise(fd, (off_t)offset, (off_t)size, POSIX_FADV_WILLNEED);
}

const struct store_disk store_disk_real = {
	.open = disk_open,
	.close = disk_close,
	.read = disk_read,
	.write = disk_write,
	.allocate = disk_allocate,
	.truncate = disk_truncate,
	.sync = disk_sync,
	.sync_folder = disk_sync_folder,
	.rename = disk_rename,
	.unlink = disk_unlink,
	.size = disk_size,
	.list = disk_list,
	.ahead = disk_ahead,
};
