/* Children in user namespaces. */
#include "support/namespace.h"

#include "support/test.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool namespace_write(pid_t pid, const char *name, const char *map)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, map, strlen(map)) == (ssize_t)strlen(map);
	if (fd >= 0)
		close(fd);
	return written;
}

static _Noreturn void namespace_begin(int parent, void (*body)(void *argument), void *argument)
{
	char byte;
	if (unshare(CLONE_NEWUSER) != 0 || write(parent, "", 1) != 1 || read(parent, &byte, 1) != 1)
		_exit(EXIT_FAILURE);
	close(parent);
	body(argument);
	_exit(EXIT_SUCCESS);
}

pid_t namespace_child(const char *map, void (*body)(void *argument), void *argument)
{
	int ends[2];
	char byte;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		namespace_begin(ends[1], body, argument);
	}
	close(ends[1]);
	bool made = read(ends[0], &byte, 1) == 1 &&
		    (map == NULL || (namespace_write(pid, "uid_map", map) &&
				     namespace_write(pid, "gid_map", map))) &&
		    write(ends[0], "", 1) == 1;
	close(ends[0]);
	if (!made) {
		waitpid(pid, NULL, 0);
		return -1;
	}
	return pid;
}
