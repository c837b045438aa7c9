/* Writing to disk without a broker. */
#include "bench/raw_disk.h"

#include "bench/actors.h"
#include "bench/die.h"
#include "bench/folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FILE_SIZE = 256 * 1024 * 1024, PART = 1024 * 1024, MOST_BYTES = 4096 };

struct writing {
	int ends[2]; /* of a socket pair */
	size_t trips, size;
	size_t total, group;
};

static void fill(int fd)
{
	static char bytes[PART];
	memset(bytes, 1, sizeof bytes);
	for (off_t at = 0; at < FILE_SIZE; at += PART) {
		if (pwrite(fd, bytes, PART, at) != PART)
			die_errno("filling a file");
	}
	if (fsync(fd) < 0)
		die_errno("fsync");
}

/* The file is made once. */
static int prepared_file(void)
{
	static int fd = -1;
	char path[FOLDER_PATH], file[FOLDER_PATH + 8];
	if (fd >= 0)
		return fd;
	folder_new("raw", path);
	snprintf(file, sizeof file, "%s/file", path);
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die_errno(file);
	fill(fd);
	return fd;
}

static void write_through(const char *bytes, size_t size, size_t *at)
{
	int fd = prepared_file();
	if (*at + size > FILE_SIZE)
		*at = 0;
	if (pwrite(fd, bytes, size, (off_t)*at) != (ssize_t)size || fdatasync(fd) < 0)
		die_errno("writing to disk");
	*at += size;
}

/* ---- one at a time -------------------------------------------------------- */

static void ask(struct actor *self, const void *context)
{
	const struct writing *writing = context;
	char bytes[MOST_BYTES] = { 1 };
	actor_ready(self);
	for (size_t i = 0; i < writing->trips; i++) {
		if (send(writing->ends[0], bytes, writing->size, 0) != (ssize_t)writing->size ||
		    recv(writing->ends[0], bytes, 1, 0) != 1)
			die_errno("a round trip to the disk");
	}
	actor_done(self);
}

static void answer(struct actor *self, const void *context)
{
	const struct writing *writing = context;
	char bytes[MOST_BYTES];
	size_t at = 0;
	actor_ready(self);
	for (size_t i = 0; i < writing->trips; i++) {
		ssize_t got = recv(writing->ends[1], bytes, writing->size, MSG_WAITALL);
		if (got != (ssize_t)writing->size)
			die_errno("a round trip to the disk");
		write_through(bytes, writing->size, &at);
		if (send(writing->ends[1], "", 1, 0) != 1)
			die_errno("a round trip to the disk");
	}
	actor_done(self);
}

double raw_disk_round_trip(size_t trips, size_t size)
{
	struct writing writing = { .trips = trips, .size = size };
	const struct role roles[] = { { ask, &writing }, { answer, &writing } };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, writing.ends) < 0)
		die_errno("socketpair");
	prepared_file();
	double seconds = actors_run(roles, 2);
	close(writing.ends[0]);
	close(writing.ends[1]);
	return seconds * 1e6 / (double)trips;
}

/* ---- a stream -------------------------------------------------------------- */

static void write_groups(struct actor *self, const void *context)
{
	const struct writing *writing = context;
	char *bytes = malloc(writing->group);
	size_t at = 0;
	if (bytes == NULL)
		die("no memory for a group");
	memset(bytes, 2, writing->group);
	actor_ready(self);
	for (size_t left = writing->total; left > 0;) {
		size_t size = left < writing->group ? left : writing->group;
		write_through(bytes, size, &at);
		left -= size;
	}
	actor_done(self);
	free(bytes);
}

double raw_disk_stream(size_t total, size_t group)
{
	const struct writing writing = { .total = total, .group = group };
	const struct role role = { write_groups, &writing };
	prepared_file();
	return actors_run(&role, 1);
}
