/* Keeps the numbers of the standard streams free of what is made here. */
#include "os/descriptor.h"

#include "base/mutant.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int descriptor_copy(int fd, int least)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, least);
	/* No number from there on is one that this process may have. */
	if (copy < 0 && errno == EINVAL)
		errno = EMFILE;
	return copy;
}

int descriptor_raise(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO || MUTANT(standard_streams_taken))
		return fd;
	int raised = descriptor_copy(fd, STDERR_FILENO + 1);
	int saved = errno;
	close(fd);
	errno = saved;
	return raised;
}

bool descriptor_raise_pair(int fds[2])
{
	for (int i = 0; i < 2; i++)
		fds[i] = descriptor_raise(fds[i]);
	if (fds[0] >= 0 && fds[1] >= 0)
		return true;
	int saved = errno;
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	errno = saved;
	return false;
}
