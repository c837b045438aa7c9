/* Claiming the path of a Unix socket, and clearing what a dead broker left there. */
#include "transport/socket_file.h"

#include "base/mutant.h"
#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often the lock may vanish under our hands (its holder ended just then)
 * before somebody must be playing with it. */
enum { LOCK_TRIES = 100 };

static int path_failure(int why, const char *path, struct error *error)
{
	int status = RELEVO_SYSTEM;
	if (why == ENOENT || why == ENOTDIR)
		return error_set(error, RELEVO_NOT_FOUND, "the folder of %s is not there", path);
	if (why == EACCES || why == EPERM || why == EROFS)
		status = RELEVO_DENIED;
	else if (why == EISDIR || why == ELOOP || why == ENXIO || why == ENAMETOOLONG)
		status = RELEVO_BAD_ADDRESS;
	return error_set_errno(error, status, why, "%s", path);
}

static int in_use(const struct address *address, struct error *error)
{
	return error_set(error, RELEVO_ADDRESS_IN_USE, "another program listens at %s",
			 address->place);
}

static void lock_path(const struct address *address, char path[ADDRESS_MAX + 8])
{
	snprintf(path, ADDRESS_MAX + 8, "%s.lock", address->place);
}

static bool is_file_at(const char *path, dev_t device, ino_t inode)
{
	struct stat there;
	return lstat(path, &there) == 0 && there.st_dev == device && there.st_ino == inode;
}

/* Whether the file that is open is still the one at the path: its last holder
 * removes it while he holds the lock. */
static bool is_open_at(int fd, const char *path)
{
	struct stat open_file;
	return fstat(fd, &open_file) == 0 && is_file_at(path, open_file.st_dev, open_file.st_ino);
}

static int take_lock(struct socket_file *file, struct error *error)
{
	char path[ADDRESS_MAX + 8];
	lock_path(&file->address, path);
	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = descriptor_raise(
			open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
		if (fd < 0)
			return path_failure(errno, path, error);
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			int why = errno;
			close(fd);
			if (why == EWOULDBLOCK)
				return in_use(&file->address, error);
			if (why != EINTR)
				return path_failure(why, path, error);
			continue;
		}
		if (is_open_at(fd, path)) {
			/* Whatever the umask: if we are killed, the next one can open it. */
			(void)fchmod(fd, 0600);
			file->lock = fd;
			return RELEVO_OK;
		}
		close(fd);
	}
	return in_use(&file->address, error);
}

static void drop_lock(struct socket_file *file)
{
	char path[ADDRESS_MAX + 8];
	lock_path(&file->address, path);
	if (is_open_at(file->lock, path))
		unlink(path);
	close(file->lock);
	file->lock = -1;
}

/* What connect(2) to the path says: 0 when somebody answers. */
static int probe(const struct address *address)
{
	int fd = descriptor_raise(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return errno;
	struct sockaddr_un name;
	socklen_t length = address_to_unix(address, &name);
	int why = connect(fd, (const struct sockaddr *)&name, length) == 0 ? 0 : errno;
	close(fd);
	return why;
}

/* With the lock held: remove the socket of a broker that died. One that does
 * not know our lock (a plain nng program) is recognised by its answering. */
static int clear_path(const struct address *address, struct error *error)
{
	const char *path = address->place;
	struct stat there;
	if (lstat(path, &there) != 0)
		return errno == ENOENT ? RELEVO_OK : path_failure(errno, path, error);
	if (!S_ISSOCK(there.st_mode))
		return error_set(error, RELEVO_BAD_ADDRESS, "%s is there and is not a socket",
				 path);
	int why = probe(address);
	switch (why) {
	case ENOENT:
		return RELEVO_OK;
	case 0:
	case EAGAIN:
	case EPROTOTYPE:
		return in_use(address, error);
	case ECONNREFUSED:
		if (unlink(path) == 0 || errno == ENOENT)
			return RELEVO_OK;
		return path_failure(errno, path, error);
	default:
		return path_failure(why, path, error);
	}
}

int socket_file_claim(struct socket_file *file, const struct address *address, struct error *error)
{
	*file = (struct socket_file){ .address = *address, .lock = -1, .owner = getpid() };
	int status = take_lock(file, error);
	if (status != RELEVO_OK)
		return status;
	status = clear_path(address, error);
	if (status != RELEVO_OK)
		drop_lock(file);
	return status;
}

int socket_file_bind(struct socket_file *file, int fd, struct error *error)
{
	/* Linux gives the file the mode of the unbound socket, less the umask: so there is
	 * no moment in which others can connect. */
	if (fchmod(fd, 0600) != 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "%s", file->address.place);
	struct sockaddr_un name;
	socklen_t length = address_to_unix(&file->address, &name);
	if (bind(fd, (const struct sockaddr *)&name, length) != 0) {
		if (errno == EADDRINUSE)
			return in_use(&file->address, error);
		return path_failure(errno, file->address.place, error);
	}
	struct stat bound;
	if (lstat(file->address.place, &bound) != 0)
		return path_failure(errno, file->address.place, error);
	file->device = bound.st_dev;
	file->inode = bound.st_ino;
	/* With a umask that takes away the owner's rights, he could not connect himself. */
	if ((bound.st_mode & 0777) != 0600 && !MUTANT(umask_obeyed) &&
	    fchmodat(AT_FDCWD, file->address.place, 0600, AT_SYMLINK_NOFOLLOW) != 0)
		return path_failure(errno, file->address.place, error);
	return RELEVO_OK;
}

void socket_file_release(struct socket_file *file)
{
	if (file->owner != getpid()) {
		close(file->lock);
		return;
	}
	const char *path = file->address.place;
	if (file->inode != 0 && is_file_at(path, file->device, file->inode))
		unlink(path);
	drop_lock(file);
}
