/* The socket in a data folder, and those who use the folder. */
#include "data/data_door.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "transport/data_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int data_door_failed(const struct data_folder *folder, struct error *error)
{
	int why = errno;
	int status = why == EACCES || why == EPERM || why == EROFS ? RELEVO_DENIED
								   : error_descriptor_status(why);
	return error_set_errno(error, status, why,
			       "the data folder %s: no socket can be made there", folder->path);
}

/* However long the path of the folder is: the socket's name is relative to it. The mode of a socket
 * that is not bound yet is that of its file, less the umask. */
static int bind_inside(const struct data_folder *folder, int fd)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = DATA_SOCKET };
	int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int failed = -1;
	if (fchdir(folder->fd) == 0 && (unlink(DATA_SOCKET) == 0 || errno == ENOENT) &&
	    fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
	    bind(fd, (const struct sockaddr *)&name, sizeof name) == 0)
		failed = fchmodat(folder->fd, DATA_SOCKET, S_IRUSR | S_IWUSR, 0);
	int why = errno;
	if (before >= 0) {
		/* Where it began is not where it has to be. */
		int lost = fchdir(before);
		(void)lost;
		close(before);
	}
	errno = why;
	return failed;
}

int data_door_open(const struct data_folder *folder, int *fd, struct error *error)
{
	*fd = descriptor_raise(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	if (*fd < 0)
		return data_door_failed(folder, error);
	if (bind_inside(folder, *fd) == 0 && listen(*fd, SOMAXCONN) == 0)
		return RELEVO_OK;
	int status = data_door_failed(folder, error);
	close(*fd);
	*fd = -1;
	return status;
}

void data_door_hide(const struct data_folder *folder)
{
	unlinkat(folder->fd, DATA_SOCKET, 0);
}

bool data_door_deserted(const struct data_folder *folder)
{
	int fd = openat(folder->fd, DATA_USERS, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
			S_IRUSR | S_IWUSR);
	/* Where nothing can be made or locked, nobody says that he is there. */
	if (fd < 0)
		return true;
	(void)fchmod(fd, S_IRUSR | S_IWUSR);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK || MUTANT(users_left_alone))
		return true; /* the lock ends with this process */
	close(fd);
	return false;
}
