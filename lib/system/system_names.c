/* What processes are called, as the kernel has it. */
#include "system/system_names.h"

#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PLACE_SIZE = 32 };

static void system_names_place_of(pid_t pid, const char *what, char place[PLACE_SIZE])
{
	snprintf(place, PLACE_SIZE, "/proc/%d/%s", (int)pid, what);
}

char *system_name(pid_t pid)
{
	/* 15 bytes, more for threads of the kernel, and a line end that is not part of it. */
	char place[PLACE_SIZE], name[256];
	system_names_place_of(pid, "comm", place);
	int fd = descriptor_raise(open(place, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return NULL;
	ssize_t size;
	do
		size = read(fd, name, sizeof name);
	while (size < 0 && errno == EINTR);
	close(fd);
	return size > 0 ? strndup(name, (size_t)size - 1) : NULL;
}

char *system_executable(pid_t pid)
{
	char place[PLACE_SIZE], path[PATH_MAX];
	system_names_place_of(pid, "exe", place);
	ssize_t size = readlink(place, path, sizeof path);
	/* One that does not fit is cut, and would be another's. */
	return size > 0 && (size_t)size < sizeof path ? strndup(path, (size_t)size) : NULL;
}
