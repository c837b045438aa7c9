/* Making a key, of bytes or of a file, and checking that the file is kept secret. */
#include "wire/key.h"

#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/own_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int cannot_open(const char *path, struct error *error)
{
	int status = errno == ENOENT   ? RELEVO_NOT_FOUND
		     : errno == EACCES ? RELEVO_DENIED
				       : RELEVO_SYSTEM;
	return error_set_errno(error, status, errno, "the key file %s", path);
}

/* A secret that others can read is none, and one that they can write is theirs. */
static int check_owner(int fd, const char *path, struct error *error)
{
	struct stat facts;
	if (fstat(fd, &facts) < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "the key file %s", path);
	if (S_ISDIR(facts.st_mode))
		return error_set(error, RELEVO_BAD_ARGUMENT, "the key file %s is a folder", path);
	/* To read a device may do anything, and take for ever. */
	if (!S_ISREG(facts.st_mode) && !S_ISFIFO(facts.st_mode))
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the key file %s is neither a file nor a pipe", path);
	char who[USER_TEXT_ROOM];
	bool of_root = facts.st_uid == 0 && user_is_known(facts.st_uid);
	if (!of_root && !user_is_own(facts.st_uid))
		return error_set(error, RELEVO_DENIED,
				 "the key file %s belongs to %s, not to uid %u", path,
				 user_text(facts.st_uid, who), (unsigned)geteuid());
	if ((facts.st_mode & 077) != 0)
		return error_set(error, RELEVO_DENIED,
				 "the key file %s is open to others (mode %04o): chmod 600 it",
				 path, (unsigned)facts.st_mode & 07777);
	return RELEVO_OK;
}

/* Whether there is something to read in a pipe, or its end. A pipe that nobody has opened to
 * write, yet, has neither. */
static bool key_file_is_ready(int fd, nsec_t deadline)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	int ready;
	do
		ready = poll(&entry, 1, clock_poll_timeout(clock_now(), deadline));
	while (ready < 0 && errno == EINTR);
	return ready == 1;
}

/* What the file has, as far as there is room: a byte more than a key may have tells
 * that it is too long. -1: see errno. */
static ssize_t read_all(int fd, nsec_t deadline, uint8_t *bytes, size_t room)
{
	size_t size = 0;
	bool awaited = false;
	while (size < room) {
		ssize_t got = read(fd, bytes + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno != EAGAIN)
			return -1;
		if (got > 0)
			size += (size_t)got;
		else if (got == 0 && (size > 0 || awaited))
			break;
		else if (key_file_is_ready(fd, deadline))
			awaited = true;
		else {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return (ssize_t)size;
}

static size_t without_line_ends(const uint8_t *bytes, size_t size)
{
	while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
		size--;
	return size;
}

int key_check_size(size_t size, const char *where, struct error *error)
{
	if (size >= KEY_MIN_SIZE && size <= KEY_MAX_SIZE)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT,
			 "the key in %s has %s bytes: it needs %d to %d", where,
			 size < KEY_MIN_SIZE ? "too few" : "too many", KEY_MIN_SIZE, KEY_MAX_SIZE);
}

static int load(int fd, const char *path, nsec_t deadline, struct key *key, struct error *error)
{
	/* Room for line ends behind the longest key. */
	uint8_t bytes[KEY_MAX_SIZE + 3];
	int status = check_owner(fd, path, error);
	if (status != RELEVO_OK)
		return status;
	ssize_t got = read_all(fd, deadline, bytes, sizeof bytes);
	if (got < 0 && errno == ETIMEDOUT)
		return error_set(
			error, RELEVO_TIMED_OUT,
			"the key file %s is a pipe to which nobody has written a whole key in time",
			path);
	if (got < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "the key file %s", path);
	size_t size = without_line_ends(bytes, (size_t)got);
	status = key_check_size(size, path, error);
	if (status == RELEVO_OK) {
		memcpy(key->bytes, bytes, size);
		key->size = size;
	}
	explicit_bzero(bytes, sizeof bytes);
	return status;
}

int key_load(const char *path, nsec_t deadline, struct key **key, struct error *error)
{
	/* To open a pipe would wait for whoever writes to it. */
	int flags = MUTANT(key_file_blocks) ? 0 : O_NONBLOCK | O_NOCTTY;
	int fd = descriptor_raise(open(path, O_RDONLY | O_CLOEXEC | flags));
	if (fd < 0)
		return cannot_open(path, error);
	struct key *new = calloc(1, sizeof *new);
	int status = RELEVO_OK;
	if (new == NULL)
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for the key in %s", path);
	else
		status = load(fd, path, deadline, new, error);
	close(fd);
	if (status != RELEVO_OK) {
		key_free(new);
		return status;
	}
	*key = new;
	return RELEVO_OK;
}

int key_copy(const void *bytes, size_t size, struct key **key, struct error *error)
{
	int status = key_check_size(size, "the options", error);
	if (status != RELEVO_OK)
		return status;
	struct key *new = calloc(1, sizeof *new);
	if (new == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the key");
	memcpy(new->bytes, bytes, size);
	new->size = size;
	*key = new;
	return RELEVO_OK;
}

void key_free(struct key *key)
{
	if (key == NULL)
		return;
	explicit_bzero(key, sizeof *key);
	free(key);
}
