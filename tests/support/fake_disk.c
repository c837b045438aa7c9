/* A disk in memory that loses, tears and refuses. */
#include "support/fake_disk.h"

#include "base/list.h"
#include "support/fake_disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_FD = 1000 };

static struct fake_disk *disk_of(const struct store_disk *calls)
{
	return container_of((struct store_disk *)(uintptr_t)calls, struct fake_disk, calls);
}

/* With the lock. False: the call fails, errno says why. */
static bool disk_admits(struct fake_disk *disk, enum fake_call call)
{
	const struct fake_failure *failure = &disk->failure;
	if (disk->cut_at != 0 && (disk->cut_kinds & FAKE_BIT(call)) != 0)
		disk->off |= ++disk->cut_count >= disk->cut_at;
	if (failure->at != 0 && (failure->kinds & FAKE_BIT(call)) != 0 &&
	    ++disk->fail_count >= failure->at && disk->fail_count - failure->at < failure->count) {
		errno = failure->reason;
		return false;
	}
	errno = EIO;
	return !disk->off;
}

static struct fake_disk *disk_enter(const struct store_disk *calls)
{
	struct fake_disk *disk = disk_of(calls);
	pthread_mutex_lock(&disk->lock);
	return disk;
}

/* With the result. */
static ssize_t disk_leave(struct fake_disk *disk, ssize_t result)
{
	pthread_mutex_unlock(&disk->lock);
	return result;
}

/* ---- calls -------------------------------------------------------------- */

static int disk_new_descriptor(struct fake_disk *disk, struct fake_file *file)
{
	for (int i = 0; i < 256; i++) {
		if (disk->open[i] == NULL) {
			disk->open[i] = file;
			return FIRST_FD + i;
		}
	}
	errno = EMFILE;
	return -1;
}

static int fake_open(const struct store_disk *calls, int folder, const char *name, int flags)
{
	struct fake_disk *disk = disk_enter(calls);
	(void)folder;
	if (!disk_admits(disk, FAKE_OPEN))
		return (int)disk_leave(disk, -1);
	struct fake_file *file = fake_names_find(disk->names, name);
	if (file == NULL && (flags & O_CREAT) == 0) {
		errno = ENOENT;
		return (int)disk_leave(disk, -1);
	}
	if (file == NULL) {
		file = fake_file_new(&disk->files);
		fake_names_change(disk, NULL, name, file);
	} else if ((flags & O_TRUNC) != 0) {
		fake_file_resize(file, 0);
	}
	return (int)disk_leave(disk, disk_new_descriptor(disk, file));
}

static void fake_close(const struct store_disk *calls, int fd)
{
	struct fake_disk *disk = disk_enter(calls);
	disk->open[fd - FIRST_FD] = NULL;
	disk_leave(disk, 0);
}

static ssize_t fake_read(const struct store_disk *calls, int fd, void *bytes, size_t size,
			 uint64_t offset)
{
	struct fake_disk *disk = disk_enter(calls);
	if (!disk_admits(disk, FAKE_READ))
		return disk_leave(disk, -1);
	const struct fake_file *file = disk->open[fd - FIRST_FD];
	if (offset >= file->size)
		return disk_leave(disk, 0);
	if (size > file->size - offset)
		size = file->size - offset;
	memcpy(bytes, file->now + offset, size);
	return disk_leave(disk, (ssize_t)size);
}

static ssize_t fake_write(const struct store_disk *calls, int fd, const struct iovec *parts,
			  int count, uint64_t offset)
{
	struct fake_disk *disk = disk_enter(calls);
	if (!disk_admits(disk, FAKE_WRITE))
		return disk_leave(disk, -1);
	ssize_t written = 0;
	for (int i = 0; i < count; i++) {
		size_t size = parts[i].iov_len;
		/* A call may do less than it was asked to. */
		bool less = size > 1 && random_percent(&disk->random, 2);
		if (less)
			size = 1 + random_below(&disk->random, (uint32_t)size - 1);
		fake_file_write(disk->open[fd - FIRST_FD], parts[i].iov_base, size,
				offset + (uint64_t)written);
		written += (ssize_t)size;
		if (less)
			break;
	}
	disk->written += (uint64_t)written;
	pthread_cond_broadcast(&disk->changed);
	return disk_leave(disk, written);
}

static int fake_allocate(const struct store_disk *calls, int fd, uint64_t size)
{
	struct fake_disk *disk = disk_enter(calls);
	if (!disk_admits(disk, FAKE_ALLOCATE))
		return (int)disk_leave(disk, -1);
	struct fake_file *file = disk->open[fd - FIRST_FD];
	if (size > file->size)
		fake_file_resize(file, size);
	return (int)disk_leave(disk, 0);
}

static int fake_truncate(const struct store_disk *calls, int fd, uint64_t size)
{
	struct fake_disk *disk = disk_enter(calls);
	if (!disk_admits(disk, FAKE_TRUNCATE))
		return (int)disk_leave(disk, -1);
	fake_file_resize(disk->open[fd - FIRST_FD], size);
	return (int)disk_leave(disk, 0);
}

static int fake_sync(const struct store_disk *calls, int fd)
{
	struct fake_disk *disk = disk_enter(calls);
	struct fake_file *file = disk->open[fd - FIRST_FD];
	disk->waiting++;
	pthread_cond_broadcast(&disk->changed);
	while (disk->held && !disk->off)
		pthread_cond_wait(&disk->changed, &disk->lock);
	disk->waiting--;
	if (disk_admits(disk, FAKE_SYNC)) {
		fake_file_sync(file);
		return (int)disk_leave(disk, 0);
	}
	if (!disk->off)
		fake_file_lose(file, &disk->random);
	return (int)disk_leave(disk, -1);
}

static int fake_sync_folder(const struct store_disk *calls, int folder)
{
	struct fake_disk *disk = disk_enter(calls);
	(void)folder;
	if (!disk_admits(disk, FAKE_SYNC_FOLDER))
		return (int)disk_leave(disk, -1);
	fake_names_sync(disk);
	return (int)disk_leave(disk, 0);
}

static int fake_rename(const struct store_disk *calls, int folder, const char *from, const char *to)
{
	struct fake_disk *disk = disk_enter(calls);
	(void)folder;
	if (!disk_admits(disk, FAKE_RENAME))
		return (int)disk_leave(disk, -1);
	struct fake_file *file = fake_names_find(disk->names, from);
	errno = ENOENT;
	if (file != NULL)
		fake_names_change(disk, from, to, file);
	return (int)disk_leave(disk, file != NULL ? 0 : -1);
}

static int fake_unlink(const struct store_disk *calls, int folder, const char *name)
{
	struct fake_disk *disk = disk_enter(calls);
	(void)folder;
	if (!disk_admits(disk, FAKE_UNLINK))
		return (int)disk_leave(disk, -1);
	bool found = fake_names_find(disk->names, name) != NULL;
	errno = ENOENT;
	if (found)
		fake_names_change(disk, name, NULL, NULL);
	return (int)disk_leave(disk, found ? 0 : -1);
}

static int64_t fake_size(const struct store_disk *calls, int fd)
{
	struct fake_disk *disk = disk_enter(calls);
	return disk_leave(disk, (ssize_t)disk->open[fd - FIRST_FD]->size);
}

static int fake_list(const struct store_disk *calls, int folder,
		     void (*visit)(void *context, const char *name), void *context)
{
	struct fake_disk *disk = disk_of(calls);
	char name[64];
	(void)folder;
	/* `visit` may remove some. */
	for (unsigned n = 256; n-- > 0;) {
		if (fake_disk_name(disk, n, name))
			visit(context, name);
	}
	return 0;
}

static void fake_ahead(const struct store_disk *calls, int fd, uint64_t offset, uint64_t size)
{
	(void)calls;
	(void)fd;
	(void)offset;
	(void)size;
}

/* ---- what tests do ------------------------------------------------------ */

void fake_disk_init(struct fake_disk *disk, uint64_t seed)
{
	*disk = (struct fake_disk){
		.calls = {
			.open = fake_open,
			.close = fake_close,
			.read = fake_read,
			.write = fake_write,
			.allocate = fake_allocate,
			.truncate = fake_truncate,
			.sync = fake_sync,
			.sync_folder = fake_sync_folder,
			.rename = fake_rename,
			.unlink = fake_unlink,
			.size = fake_size,
			.list = fake_list,
			.ahead = fake_ahead,
		},
		.random = { seed },
	};
	disk->changes_end = &disk->changes;
	pthread_mutex_init(&disk->lock, NULL);
	pthread_cond_init(&disk->changed, NULL);
}

void fake_disk_fini(struct fake_disk *disk)
{
	fake_names_free(disk);
	fake_files_free(disk->files);
	pthread_mutex_destroy(&disk->lock);
	pthread_cond_destroy(&disk->changed);
}

void fake_disk_cut(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	disk->off = true;
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
}

void fake_disk_cut_at(struct fake_disk *disk, unsigned kinds, unsigned long call)
{
	pthread_mutex_lock(&disk->lock);
	disk->cut_kinds = kinds;
	disk->cut_count = 0;
	disk->cut_at = call;
	pthread_mutex_unlock(&disk->lock);
}

bool fake_disk_is_off(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	bool off = disk->off;
	pthread_mutex_unlock(&disk->lock);
	return off;
}

void fake_disk_fail(struct fake_disk *disk, const struct fake_failure *failure)
{
	pthread_mutex_lock(&disk->lock);
	disk->failure = *failure;
	disk->fail_count = 0;
	pthread_mutex_unlock(&disk->lock);
}

bool fake_disk_has_failed(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	bool failed = disk->failure.at != 0 && disk->fail_count >= disk->failure.at;
	pthread_mutex_unlock(&disk->lock);
	return failed;
}

void fake_disk_reset(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	disk->off = disk->held = false;
	disk->cut_count = disk->cut_at = disk->fail_count = 0;
	disk->failure.at = 0;
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
}

void fake_disk_again(struct fake_disk *disk)
{
	memset(disk->open, 0, sizeof disk->open);
	fake_disk_reset(disk);
}

void fake_disk_on(struct fake_disk *disk, enum fake_loss loss)
{
	fake_names_lose(disk, loss);
	for (struct fake_file *file = disk->files; file != NULL; file = file->next)
		fake_file_settle(file, loss, &disk->random);
	fake_disk_again(disk);
}

void fake_disk_hold(struct fake_disk *disk, bool held)
{
	pthread_mutex_lock(&disk->lock);
	disk->held = held;
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
}

void fake_disk_await_held(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	while (disk->waiting == 0)
		pthread_cond_wait(&disk->changed, &disk->lock);
	pthread_mutex_unlock(&disk->lock);
}

uint64_t fake_disk_written(struct fake_disk *disk)
{
	pthread_mutex_lock(&disk->lock);
	uint64_t written = disk->written;
	pthread_mutex_unlock(&disk->lock);
	return written;
}

void fake_disk_await_written(struct fake_disk *disk, uint64_t more_than)
{
	pthread_mutex_lock(&disk->lock);
	while (disk->written <= more_than)
		pthread_cond_wait(&disk->changed, &disk->lock);
	pthread_mutex_unlock(&disk->lock);
}

uint64_t fake_disk_use(struct fake_disk *disk)
{
	uint64_t use = 0;
	pthread_mutex_lock(&disk->lock);
	for (const struct fake_name *name = disk->names; name != NULL; name = name->next)
		use += name->file->size;
	pthread_mutex_unlock(&disk->lock);
	return use;
}

bool fake_disk_name(struct fake_disk *disk, unsigned n, char text[64])
{
	pthread_mutex_lock(&disk->lock);
	const struct fake_name *name = disk->names;
	for (; n > 0 && name != NULL; n--)
		name = name->next;
	if (name != NULL)
		snprintf(text, 64, "%s", name->text);
	pthread_mutex_unlock(&disk->lock);
	return name != NULL;
}

uint8_t *fake_disk_bytes(struct fake_disk *disk, const char *name, size_t *size)
{
	pthread_mutex_lock(&disk->lock);
	struct fake_file *file = fake_names_find(disk->names, name);
	if (file != NULL)
		*size = file->size;
	pthread_mutex_unlock(&disk->lock);
	return file != NULL ? file->now : NULL;
}

void fake_disk_shorten(struct fake_disk *disk, const char *name, size_t size)
{
	struct fake_file *file = fake_names_find(disk->names, name);
	fake_file_resize(file, size);
	fake_file_sync(file);
}

void fake_disk_copy(struct fake_disk *to, struct fake_disk *from, uint64_t seed)
{
	fake_disk_init(to, seed);
	for (const struct fake_name *name = from->names; name != NULL; name = name->next) {
		struct fake_file *file = fake_file_new(&to->files);
		fake_file_write(file, name->file->now, name->file->size, 0);
		fake_file_sync(file);
		fake_names_change(to, NULL, name->text, file);
	}
	fake_names_sync(to);
}
