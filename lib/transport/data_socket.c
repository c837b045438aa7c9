/* Reaching the broker of a data folder, and being counted among its users. */
#include "transport/data_socket.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/own_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int data_socket_open_folder(const struct address *address)
{
	return descriptor_raise(open(address->place, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

int data_socket_find(const struct address *address, struct data_socket *place)
{
	const size_t room = sizeof place->name.sun_path;
	char path[ADDRESS_MAX + sizeof DATA_SOCKET];
	*place = (struct data_socket){ .folder = -1, .name.sun_family = AF_UNIX };
	size_t length = (size_t)snprintf(path, sizeof path, "%s/" DATA_SOCKET, address->place);
	if (length >= room) {
		place->folder = data_socket_open_folder(address);
		if (place->folder < 0)
			return errno;
		length = (size_t)snprintf(path, sizeof path, "/proc/self/fd/%d/" DATA_SOCKET,
					  place->folder);
	}
	memcpy(place->name.sun_path, path, length + 1);
	place->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
	return 0;
}

void data_socket_close(struct data_socket *place)
{
	if (place->folder >= 0)
		close(place->folder);
	place->folder = -1;
}

/* ---- being a user ------------------------------------------------------ */

static int data_socket_failed(const struct address *address, struct error *error)
{
	int why = errno;
	int status = why == EACCES || why == EPERM || why == EROFS || why == ENOTDIR || why == ELOOP
			     ? RELEVO_DENIED
			     : error_descriptor_status(why);
	if (why == ENOENT)
		status = RELEVO_NOT_FOUND;
	return error_set_errno(error, status, why, "the data folder %s", address->place);
}

/* Whatever another user's process made there, its owner could not open. */
static int data_socket_check(const struct address *address, int folder, struct error *error)
{
	struct stat status;
	char who[USER_TEXT_ROOM];
	if (fstat(folder, &status) != 0)
		return data_socket_failed(address, error);
	if (user_is_own(status.st_uid))
		return RELEVO_OK;
	return error_set(error, RELEVO_DENIED, "the data folder %s belongs to %s, not to uid %u",
			 address->place, user_text(status.st_uid, who), (unsigned)geteuid());
}

static int data_socket_lock(const struct address *address, int fd, struct error *error)
{
	int failed;
	do
		failed = MUTANT(data_users_unseen) ? 0 : flock(fd, LOCK_SH | LOCK_NB);
	while (failed != 0 && errno == EINTR);
	if (failed == 0)
		return RELEVO_OK;
	return errno == EWOULDBLOCK ? TRY_AGAIN : data_socket_failed(address, error);
}

static int data_socket_open_users(const struct address *address, int *fd, struct error *error)
{
	int folder = data_socket_open_folder(address);
	if (folder < 0)
		return data_socket_failed(address, error);
	int status = data_socket_check(address, folder, error);
	if (status == RELEVO_OK) {
		*fd = descriptor_raise(openat(
			folder, DATA_USERS, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			S_IRUSR | S_IWUSR));
		if (*fd < 0)
			status = data_socket_failed(address, error);
		else
			(void)fchmod(*fd, S_IRUSR | S_IWUSR); /* whatever the umask */
	}
	close(folder);
	return status;
}

int data_socket_use(const struct address *address, struct data_use *use, struct error *error)
{
	int fd = -1;
	struct stat file;
	int status = data_socket_open_users(address, &fd, error);
	if (status != RELEVO_OK)
		return status;
	status = fstat(fd, &file) == 0 ? data_socket_lock(address, fd, error)
				       : data_socket_failed(address, error);
	if (status != RELEVO_OK) {
		close(fd);
		return status;
	}
	data_socket_leave(use);
	*use = (struct data_use){ fd, file.st_dev, file.st_ino };
	return RELEVO_OK;
}

void data_socket_leave(struct data_use *use)
{
	struct stat file;
	if (use->fd >= 0 && fstat(use->fd, &file) == 0 && file.st_dev == use->device &&
	    file.st_ino == use->inode)
		close(use->fd);
	use->fd = -1;
}
