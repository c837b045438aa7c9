/* Starting a private broker, sharing it, and letting go of it. */
#include "session/private_broker.h"

#include "base/clock.h"
#include "base/mutant.h"
#include "os/descriptor.h"
#include "os/readable.h"
#include "os/thread.h"
#include "session/broker_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

/* Where the broker finds what it inherits. */
enum { LISTEN_FD = 3, LIFE_FD = 4, FIRST_FREE_FD = 5 };

/* Descriptors on their way to the new process. */
struct inheritance {
	int listener;
	int life_read;
	int life_write;
	int said_read; /* its standard error, until it is there */
	int said_write;
};

static void private_broker_close_all(struct inheritance *inheritance)
{
	int *descriptors[] = { &inheritance->listener, &inheritance->life_read,
			       &inheritance->life_write, &inheritance->said_read,
			       &inheritance->said_write };
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

/* Out of the way of the numbers that they will have in the broker. */
static int move_up(int fd)
{
	if (fd < 0)
		return fd;
	int moved = descriptor_copy(fd, FIRST_FREE_FD);
	int saved = errno;
	close(fd);
	errno = saved;
	return moved;
}

static bool make_pipe(int *read_end, int *write_end)
{
	int pair[2];
	if (pipe2(pair, O_CLOEXEC) != 0)
		return false;
	*read_end = move_up(pair[0]);
	*write_end = move_up(pair[1]);
	return *read_end >= 0 && *write_end >= 0;
}

static int private_broker_prepare(struct inheritance *inheritance, struct address *address,
				  struct error *error)
{
	*inheritance = (struct inheritance){ -1, -1, -1, -1, -1 };
	inheritance->listener = move_up(listen_anywhere(address));
	if (inheritance->listener >= 0 &&
	    make_pipe(&inheritance->life_read, &inheritance->life_write) &&
	    make_pipe(&inheritance->said_read, &inheritance->said_write))
		return RELEVO_OK;
	int saved = errno;
	private_broker_close_all(inheritance);
	return error_set_errno(error, error_descriptor_status(saved), saved,
			       "no socket for the private broker can be made");
}

/* The broker gets its descriptors and nothing else of this program: no files, no signal
 * mask, no terminal. What it says once it is there, nobody reads. */
static int private_broker_spawn(const char *program, const struct inheritance *inheritance,
				pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t signals;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, inheritance->said_write, STDERR_FILENO);
	posix_spawn_file_actions_adddup2(&files, inheritance->listener, LISTEN_FD);
	posix_spawn_file_actions_adddup2(&files, inheritance->life_read, LIFE_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, FIRST_FREE_FD);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&attributes, &signals);

	const char *arguments[] = { program,       "--private", "--listen", "fd://3",
				    "--until-eof", "4",         NULL };
	int failure =
		posix_spawnp(pid, program, &files, &attributes, (char *const *)arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return failure;
}

/* TIMED_OUT: it has not ended. A program that ignores SIGCHLD may have lost it already. */
static int private_broker_wait_for_end(pid_t pid, nsec_t deadline)
{
	if (MUTANT(private_broker_takes_its_time))
		deadline += 5 * NSEC_PER_SEC;
	int fd = pidfd_open(pid, 0);
	if (fd < 0)
		return errno == ESRCH ? RELEVO_OK : error_descriptor_status(errno);
	bool ended = readable_until(fd, deadline);
	close(fd);
	return ended ? RELEVO_OK : RELEVO_TIMED_OUT;
}

/* False: a program that ignores SIGCHLD has no states of its children. */
static bool private_broker_reap(pid_t pid, int *state)
{
	pid_t ended;
	do
		ended = waitpid(pid, state, 0);
	while (ended < 0 && errno == EINTR);
	return ended == pid;
}

/* Why it has ended, of all that it said: "reason" in the last line of relevod's log, else the
 * first line. "": it said nothing. */
static const char *find_reason(char *text)
{
	static const char key[] = "reason=\"";
	char *reason = text;
	for (char *next = text; (next = strstr(next, key)) != NULL; reason = next)
		next += strlen(key);
	reason[strcspn(reason, "\n")] = '\0';
	size_t length = strlen(reason);
	if (reason != text && length > 0 && reason[length - 1] == '"')
		reason[length - 1] = '\0';
	return reason;
}

/* It has ended, so all is there; what it has left in the background must not hold this up. */
static const char *read_reason(int fd, char *text, size_t size)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	ssize_t got = read(fd, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	for (char *byte = text; *byte != '\0'; byte++) {
		if (*byte != '\n' && ((unsigned char)*byte < 0x20 || (unsigned char)*byte > 0x7e))
			*byte = '?';
	}
	return find_reason(text);
}

/* Whether it runs is told by how it ended; where nobody knows that, by the first call. */
static int private_broker_outcome(const struct private_broker_start *start, const char *program,
				  pid_t pid, int said, struct error *error)
{
	int state;
	char text[1024];
	if (!private_broker_reap(pid, &state) || (WIFEXITED(state) && WEXITSTATUS(state) == 0))
		return RELEVO_OK;
	const char *reason =
		MUTANT(broker_fails_silently) ? "" : read_reason(said, text, sizeof text);
	return error_set(error, RELEVO_NO_BROKER, "%s; and %s, a private one, ended with %s %d%s%s",
			 start->why, program, WIFEXITED(state) ? "status" : "signal",
			 WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state),
			 reason[0] != '\0' ? ": " : "", reason);
}

/* relevod --private leaves a broker in the background and ends. One that does not, or that
 * cannot be waited for, goes; what it has left in the background ends with the pipe. */
static int wait_until_detached(const struct private_broker_start *start, const char *program,
			       pid_t pid, int said, struct error *error)
{
	int state;
	int status = private_broker_wait_for_end(pid, start->deadline);
	if (status == RELEVO_OK)
		return private_broker_outcome(start, program, pid, said, error);
	kill(pid, SIGKILL);
	private_broker_reap(pid, &state);
	return error_set(error, status, "%s; and %s, a private one, %s", start->why, program,
			 status == RELEVO_TIMED_OUT ? "does not start in time"
						    : "cannot be waited for");
}

static int private_broker_start(const struct private_broker_start *how,
				struct private_broker *broker, struct error *error)
{
	struct inheritance inheritance;
	char room[PATH_MAX];
	const char *program = broker_path(how->program, room, sizeof room);
	int status = private_broker_prepare(&inheritance, &broker->place, error);
	if (status != RELEVO_OK)
		return status;
	pid_t pid;
	int failure = private_broker_spawn(program, &inheritance, &pid);
	if (failure != 0)
		status = error_set_errno(error, RELEVO_NO_BROKER, failure,
					 "%s; and %s, a private one, cannot be started", how->why,
					 program);
	else
		status = wait_until_detached(how, program, pid, inheritance.said_read, error);
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
