/* The folder of what a broker keeps: made, looked at and locked. */
#include "data/data_folder.h"

#include "base/mutant.h"
#include "os/own_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK "lock"

static int data_folder_failed(const struct data_folder *folder, const char *what,
			      struct error *error)
{
	int why = errno;
	int status = why == EACCES || why == EPERM || why == EROFS || why == ENOTDIR || why == ELOOP
			     ? RELEVO_DENIED
		     : why == ENOENT ? RELEVO_NOT_FOUND
				     : error_descriptor_status(why);
	return error_set_errno(error, status, why, "the data folder %s%s", folder->path, what);
}

/* Whatever the umask, its owner can use it. */
static int data_folder_make(const struct data_folder *folder, struct error *error)
{
	mode_t before = umask(S_IRWXG | S_IRWXO);
	int failed = mkdir(folder->path, S_IRWXU);
	int why = errno;
	umask(before);
	errno = why;
	if (failed != 0 && why != EEXIST)
		return data_folder_failed(folder, " cannot be made", error);
	return RELEVO_OK;
}

/* Whoever else can write there could change what is kept. */
static int data_folder_check(const struct data_folder *folder, struct error *error)
{
	struct stat status;
	char who[USER_TEXT_ROOM];
	if (fstat(folder->fd, &status) < 0)
		return data_folder_failed(folder, "", error);
	if (!user_is_own(status.st_uid))
		return error_set(error, RELEVO_DENIED,
				 "the data folder %s belongs to %s, not to uid %u", folder->path,
				 user_text(status.st_uid, who), (unsigned)geteuid());
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !MUTANT(data_folder_for_all))
		return error_set(error, RELEVO_DENIED,
				 "others may write in the data folder %s (mode %04o)", folder->path,
				 (unsigned)status.st_mode & 07777);
	return RELEVO_OK;
}

/* What is too long for a URL is shown as far as it goes; nobody can use it that way. */
static void data_folder_name(struct data_folder *folder)
{
	char *whole = realpath(folder->path, NULL);
	snprintf(folder->url, sizeof folder->url, "data://%s",
		 whole != NULL ? whole : folder->path);
	free(whole);
}

int data_folder_open(const char *path, struct data_folder *folder, struct error *error)
{
	const int how = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	*folder = (struct data_folder){ .path = path, .fd = open(path, how), .lock = -1 };
	if (folder->fd < 0 && errno == ENOENT) {
		int status = data_folder_make(folder, error);
		if (status != RELEVO_OK)
			return status;
		folder->fd = open(path, how);
	}
	if (folder->fd < 0)
		return data_folder_failed(folder, "", error);
	int status = data_folder_check(folder, error);
	if (status != RELEVO_OK)
		data_folder_close(folder);
	else
		data_folder_name(folder);
	return status;
}

/* ---- the lock --------------------------------------------------------- */

/* Its holder writes the number right after it has got the lock. */
static int data_folder_used(const struct data_folder *folder, int fd, struct error *error)
{
	char text[16];
	ssize_t size = pread(fd, text, sizeof text - 1, 0);
	text[size > 0 ? size : 0] = '\0';
	int holder = atoi(text);
	if (holder <= 0)
		return error_set(error, RELEVO_ADDRESS_IN_USE,
				 "the data folder %s is used by another process", folder->path);
	return error_set(error, RELEVO_ADDRESS_IN_USE, "the data folder %s is used by process %d",
			 folder->path, holder);
}

int data_folder_sign(struct data_folder *folder, struct error *error)
{
	const int fd = folder->lock;
	char text[16];
	int size = snprintf(text, sizeof text, "%d\n", (int)getpid());
	ssize_t written = -1;
	if (ftruncate(fd, 0) == 0)
		written = pwrite(fd, text, (size_t)size, 0);
	if (written == size)
		return RELEVO_OK;
	if (written >= 0)
		errno = ENOSPC;
	return data_folder_failed(folder, ": its file " LOCK " cannot be written", error);
}

static int data_folder_take(const struct data_folder *folder, int fd, struct error *error)
{
	int failed;
	do
		failed = MUTANT(data_folder_shared) ? 0 : flock(fd, LOCK_EX | LOCK_NB);
	while (failed != 0 && errno == EINTR);
	if (failed == 0)
		return RELEVO_OK;
	if (errno == EWOULDBLOCK)
		return data_folder_used(folder, fd, error);
	return data_folder_failed(folder, ": its file " LOCK " cannot be locked", error);
}

int data_folder_lock(struct data_folder *folder, struct error *error)
{
	int fd = openat(folder->fd, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			S_IRUSR | S_IWUSR);
	if (fd < 0)
		return data_folder_failed(folder, ": its file " LOCK " cannot be opened", error);
	/* Whatever the umask: if this one is killed, the next can open it. */
	(void)fchmod(fd, S_IRUSR | S_IWUSR);
	int status = data_folder_take(folder, fd, error);
	if (status != RELEVO_OK) {
		close(fd);
		return status;
	}
	folder->lock = fd;
	status = data_folder_sign(folder, error);
	if (status != RELEVO_OK) {
		close(fd);
		folder->lock = -1;
	}
	return status;
}

void data_folder_close(struct data_folder *folder)
{
	if (folder->lock >= 0)
		close(folder->lock);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = folder->lock = -1;
}
