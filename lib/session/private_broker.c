/* Starting a private broker, sharing it, and letting go of it. */
#include "session/private_broker.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "os/thread.h"
#include "session/broker_start.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct private_broker {
	unsigned references;
	int life; /* write end of the pipe that the broker watches */
	dev_t device;
	ino_t inode; /* that pipe's */
	struct address place;
};

/* The one that new sessions get; it holds no reference. NULL: none. */
static struct private_broker *current;

/* Descriptors on their way to the new process. */
struct inheritance {
	int listener;
	int life_read;
	int life_write;
};

static void private_broker_close_all(struct inheritance *inheritance)
{
	int *descriptors[] = { &inheritance->listener, &inheritance->life_read,
			       &inheritance->life_write };
	for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
		if (*descriptors[i] >= 0)
			close(*descriptors[i]);
		*descriptors[i] = -1;
	}
}

static void hold_life(struct private_broker *broker, int fd)
{
	struct stat pipe;
	broker->life = fd;
	if (fstat(fd, &pipe) == 0) {
		broker->device = pipe.st_dev;
		broker->inode = pipe.st_ino;
	}
}

/* The program may have closed all its descriptors, as daemons do, and have others of their
 * numbers since. */
static bool holds_life(const struct private_broker *broker)
{
	struct stat found;
	return MUTANT(life_never_closed) ||
	       (fstat(broker->life, &found) == 0 && found.st_dev == broker->device &&
		found.st_ino == broker->inode);
}

/* A socket that listens under a name of the kernel's choice: no file, so nothing
 * to clean up, and nobody can be there first. */
static int listen_anywhere(struct address *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof name.sun_family;
	if (bind(fd, (struct sockaddr *)&name, size) == 0 && listen(fd, SOMAXCONN) == 0) {
		size = sizeof name;
		if (getsockname(fd, (struct sockaddr *)&name, &size) == 0) {
			size_t length = size - offsetof(struct sockaddr_un, sun_path) - 1;
			snprintf(address->url, sizeof address->url, "abstract://%.*s", (int)length,
				 name.sun_path + 1);
			return fd;
		}
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int private_broker_prepare(struct inheritance *inheritance, struct address *address,
				  struct error *error)
{
	*inheritance = (struct inheritance){ -1, -1, -1 };
	inheritance->listener = broker_start_move_up(listen_anywhere(address));
	if (inheritance->listener >= 0 &&
	    broker_start_pipe(&inheritance->life_read, &inheritance->life_write))
		return RELEVO_OK;
	int saved = errno;
	private_broker_close_all(inheritance);
	return error_set_errno(error, error_descriptor_status(saved), saved,
			       "no socket for the private broker can be made");
}

static int private_broker_start(const struct private_broker_start *how,
				struct private_broker *broker, struct error *error)
{
	struct inheritance inheritance;
	int status = private_broker_prepare(&inheritance, &broker->place, error);
	if (status != RELEVO_OK)
		return status;
	const struct broker_start start = {
		.program = how->program,
		.why = how->why,
		.deadline = how->deadline,
		.arguments = { "--listen", "fd://3", "--until-eof", "4" },
		.inherited = { inheritance.listener, inheritance.life_read },
		.inherited_count = 2,
	};
	int told;
	status = broker_start(&start, &told, error);
	if (status == RELEVO_OK) {
		hold_life(broker, inheritance.life_write);
		inheritance.life_write = -1;
	}
	private_broker_close_all(&inheritance);
	return status;
}

/* Without a reference yet. */
static struct private_broker *private_broker_new(void)
{
	struct private_broker *broker = malloc(sizeof *broker);
	if (broker != NULL)
		*broker = (struct private_broker){ .life = -1 };
	return broker;
}

static int start_current(const struct private_broker_start *how, struct error *error)
{
	struct private_broker *broker = private_broker_new();
	if (broker == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a private broker");
	int status = private_broker_start(how, broker, error);
	if (status == RELEVO_OK)
		current = broker;
	else
		free(broker);
	return status;
}

/* The kernel tells writers that nobody is left who could read. */
bool private_broker_runs(const struct private_broker *broker)
{
	struct pollfd entry = { .fd = broker->life };
	if (!holds_life(broker))
		return false;
	return poll(&entry, 1, 0) == 0 || (entry.revents & POLLERR) == 0 ||
	       MUTANT(successor_is_trusted);
}

int private_broker_acquire(const struct private_broker_start *how, struct private_broker **broker,
			   struct address *address, struct error *error)
{
	if (!thread_lock_by(&lock, how->deadline))
		return error_set(error, RELEVO_TIMED_OUT,
				 "another thread has not started a private broker yet");
	bool usable = current != NULL && private_broker_runs(current);
	int status = usable ? RELEVO_OK : start_current(how, error);
	if (status == RELEVO_OK) {
		current->references++;
		*broker = current;
		*address = current->place;
	}
	pthread_mutex_unlock(&lock);
	return status;
}

struct private_broker *private_broker_again(struct private_broker *broker)
{
	pthread_mutex_lock(&lock);
	broker->references++;
	pthread_mutex_unlock(&lock);
	return broker;
}

struct private_broker *private_broker_hold(void)
{
	pthread_mutex_lock(&lock);
	if (current != NULL)
		current->references++;
	struct private_broker *held = current;
	pthread_mutex_unlock(&lock);
	return held;
}

static void private_broker_drop(struct private_broker *broker)
{
	if (--broker->references > 0)
		return;
	if (broker == current)
		current = NULL;
	if (holds_life(broker))
		close(broker->life);
	free(broker);
}

void private_broker_release(struct private_broker *broker)
{
	if (broker == NULL)
		return;
	pthread_mutex_lock(&lock);
	private_broker_drop(broker);
	pthread_mutex_unlock(&lock);
}

int private_broker_life(const char **url)
{
	pthread_mutex_lock(&lock);
	int fd = current != NULL && holds_life(current) ? current->life : -1;
	*url = current != NULL ? current->place.url : "";
	pthread_mutex_unlock(&lock);
	return fd;
}

void private_broker_adopt(const char *url, int life_fd)
{
	struct private_broker *broker = private_broker_new();
	pthread_mutex_lock(&lock);
	if (broker != NULL && current == NULL && strlen(url) < sizeof broker->place.url) {
		strcpy(broker->place.url, url);
		hold_life(broker, life_fd);
		broker->references = 1;
		current = broker;
		broker = NULL;
		life_fd = -1;
	}
	pthread_mutex_unlock(&lock);
	free(broker);
	if (life_fd >= 0)
		close(life_fd);
}

void private_broker_lock(void)
{
	pthread_mutex_lock(&lock);
}

void private_broker_unlock(void)
{
	pthread_mutex_unlock(&lock);
}
