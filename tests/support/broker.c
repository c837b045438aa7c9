/* Starting a broker for a test, looking at its log and its process, and stopping it. */
#include "support/broker.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 24, READY_MSEC = TEST_PATIENCE };

const char *test_broker_program(void)
{
	const char *chosen = getenv("RELEVOD");
	return chosen != NULL ? chosen : RELEVOD_EXE;
}

/* The way in which systemd passes a socket: the variable has the id of the process. */
static void become_activated_broker(char *const *argv, int output, int listen_fd)
{
	char pid[16];
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	if (listen_fd == 3)
		fcntl(listen_fd, F_SETFD, 0);
	else
		dup2(listen_fd, 3);
	execv(test_broker_program(), argv);
	_exit(127);
}

/* Not by fork(2), where nothing asks for it: the test may have threads, and while one of
 * them allocates, a child of fork under the address sanitizer waits for ever. */
static pid_t spawn(char *const *argv, int output)
{
	extern char **environ;
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	posix_spawn_file_actions_init(&actions);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (output < 0)
			posix_spawn_file_actions_addclose(&actions, fd);
		else if (fd != STDIN_FILENO)
			posix_spawn_file_actions_adddup2(&actions, output, fd);
	}
	assert_int_equal(posix_spawn(&pid, test_broker_program(), &actions, NULL, argv, environ),
			 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

pid_t test_broker_spawn(const char *const *arguments, int output, int listen_fd)
{
	char *argv[MOST_ARGUMENTS + 2] = { (char *)"relevod" };
	for (int i = 0; arguments[i] != NULL && i < MOST_ARGUMENTS; i++)
		argv[i + 1] = (char *)arguments[i];
	if (listen_fd < 0)
		return spawn(argv, output);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		become_activated_broker(argv, output, listen_fd);
	return pid;
}

/* Whether there is something to read in time; a process has ended when its pidfd is readable. */
static bool becomes_readable(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	int ready;
	do
		ready = poll(&entry, 1, READY_MSEC);
	while (ready < 0 && errno == EINTR);
	return ready == 1;
}

int test_wait(pid_t pid)
{
	int status;
	pid_t ended;
	int fd = pidfd_open(pid, 0);
	bool in_time = fd < 0 || becomes_readable(fd);
	if (fd >= 0)
		close(fd);
	if (!in_time)
		kill(pid, SIGKILL);
	do
		ended = waitpid(pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	if (!in_time)
		fail_msg("process %d did not end in %d ms", (int)pid, READY_MSEC);
	assert_int_equal(ended, pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void test_folder_make(char folder[64])
{
	const char *top = getenv("TMPDIR");
	snprintf(folder, 64, "%s/relevo-XXXXXX", top != NULL && strlen(top) < 40 ? top : "/tmp");
	assert_non_null(mkdtemp(folder));
}

void test_key_write(const char *path, const char *key)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, key, strlen(key)), strlen(key));
	close(fd);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

void test_folder_remove(const char *folder)
{
	assert_int_equal(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The first line that arrives, without its end. */
static void read_line(int fd, char *line, size_t size)
{
	size_t used = 0;
	while (used + 1 < size) {
		assert_true(becomes_readable(fd));
		ssize_t got = read(fd, line + used, 1);
		if (got <= 0 || line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
}

void test_broker_start(struct test_broker *broker, const char *const *arguments)
{
	char url[ADDRESS_MAX], ready_text[16];
	const char *all[MOST_ARGUMENTS + 1] = { "--listen", url, "--ready-fd", ready_text };
	int used = 4, ready[2];
	test_folder_make(broker->folder);
	snprintf(url, sizeof url, "ipc://%s/socket", broker->folder);
	snprintf(broker->log, sizeof broker->log, "%s/log", broker->folder);
	broker->data[0] = '\0';
	for (int i = 0; arguments != NULL && arguments[i] != NULL && used < MOST_ARGUMENTS; i++) {
		all[used++] = arguments[i];
		if (i > 0 && strcmp(arguments[i - 1], "--data") == 0)
			snprintf(broker->data, sizeof broker->data, "%s", arguments[i]);
	}

	int log = open(broker->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(log >= 0);
	assert_int_equal(pipe(ready), 0);
	assert_true(fcntl(ready[0], F_SETFD, FD_CLOEXEC) == 0);
	snprintf(ready_text, sizeof ready_text, "%d", ready[1]);
	broker->pid = test_broker_spawn(all, log, -1);
	close(log);
	close(ready[1]);
	read_line(ready[0], broker->url, sizeof broker->url);
	read_line(ready[0], broker->more, sizeof broker->more);
	close(ready[0]);
	assert_string_equal(broker->url, url);
}

char *test_broker_log(const struct test_broker *broker)
{
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room);
	int fd = open(broker->log, O_RDONLY | O_CLOEXEC);
	assert_non_null(text);
	assert_true(fd >= 0);
	ssize_t got;
	while ((got = read(fd, text + size, room - 1 - size)) > 0)
		size += (size_t)got;
	close(fd);
	text[size] = '\0';
	return text;
}

void test_broker_logs(const struct test_broker *broker, const char *text)
{
	enum { PAUSE_MSEC = 5, ROUNDS = READY_MSEC / PAUSE_MSEC };
	bool found = false;
	for (int i = 0; i < ROUNDS && !found; i++) {
		char *log = test_broker_log(broker);
		found = strstr(log, text) != NULL;
		free(log);
		if (!found)
			poll(NULL, 0, PAUSE_MSEC);
	}
	if (!found)
		fail_msg("the broker does not log \"%s\"", text);
}

void test_broker_stop(struct test_broker *broker)
{
	char socket[ADDRESS_MAX];
	assert_int_equal(kill(broker->pid, SIGTERM), 0);
	int status = test_wait(broker->pid);
	if (status != 0) {
		char *log = test_broker_log(broker);
		fputs(log, stderr);
		free(log);
	}
	assert_int_equal(status, 0);
	snprintf(socket, sizeof socket, "%s/socket", broker->folder);
	assert_int_equal(access(socket, F_OK), -1);
	test_folder_remove(broker->folder);
}

long test_broker_status(const struct test_broker *broker, const char *line)
{
	char path[64], text[256];
	long value = -1;
	snprintf(path, sizeof path, "/proc/%d/status", (int)broker->pid);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(text, sizeof text, file) != NULL) {
		if (strncmp(text, line, strlen(line)) == 0 && text[strlen(line)] == ':')
			value = strtol(text + strlen(line) + 1, NULL, 10);
	}
	fclose(file);
	assert_true(value >= 0);
	return value;
}

bool test_broker_sleeps(const struct test_broker *broker)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)broker->pid);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t size = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[size] = '\0';
	const char *state = strrchr(text, ')');
	assert_non_null(state);
	return state[2] == 'S';
}

uint64_t test_broker_cpu(const struct test_broker *broker)
{
	char path[64], text[64] = "";
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)broker->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof text - 1) > 0);
	close(fd);
	return strtoull(text, NULL, 10);
}

int test_broker_run(const char *const *arguments, char *output, size_t size)
{
	int ends[2];
	size_t used = 0;
	ssize_t got;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = test_broker_spawn(arguments, ends[1], -1);
	close(ends[1]);
	while (used + 1 < size && (got = read(ends[0], output + used, size - 1 - used)) > 0)
		used += (size_t)got;
	output[used] = '\0';
	close(ends[0]);
	return test_wait(pid);
}
