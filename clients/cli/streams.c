/* Makes standard input, output and errors what the other files take them for. */
#include "cli/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

short streams_wait(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };
	int ready;
	do
		ready = poll(&entry, 1, -1);
	while (ready < 0 && errno == EINTR);
	return ready > 0 ? entry.revents : 0;
}

ssize_t streams_read(int fd, void *bytes, size_t size)
{
	for (;;) {
		ssize_t got = read(fd, bytes, size);
		if (got >= 0 || (errno != EINTR && errno != EAGAIN))
			return got;
		if (errno == EAGAIN && streams_wait(fd, POLLIN) == 0)
			return -1;
	}
}

/* Of stdio's: all of it, or 0 and errno. */
static ssize_t write_all(void *cookie, const char *bytes, size_t size)
{
	int fd = (int)(intptr_t)cookie;
	for (size_t done = 0; done < size;) {
		ssize_t step = write(fd, bytes + done, size - done);
		if (step < 0 && errno != EINTR &&
		    (errno != EAGAIN || streams_wait(fd, POLLOUT) == 0))
			return 0;
		done += step > 0 ? (size_t)step : 0;
	}
	return (ssize_t)size;
}

static FILE *open_waiting(int fd, int buffering)
{
	const cookie_io_functions_t functions = { .write = write_all };
	FILE *stream = fopencookie((void *)(intptr_t)fd, "w", functions);
	if (stream != NULL)
		setvbuf(stream, NULL, buffering, BUFSIZ);
	return stream;
}

bool streams_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* The lowest number that is free: this one. Programs that are run here find it
		 * closed again. */
		if (fcntl(fd, F_GETFD) < 0 && open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) != fd)
			return false;
	}
	FILE *output = open_waiting(STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
	FILE *errors = open_waiting(STDERR_FILENO, _IONBF);
	if (output == NULL || errors == NULL)
		return false;
	stdout = output;
	stderr = errors;
	return true;
}
