/* Forked children, gates between them, and what the system tells of processes. */
#include "support/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>

/* Asked by the leak checker at exit. A forked process has memory of its parent's that it
 * can do nothing about; the program itself is checked. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);

static pid_t program;

__attribute__((constructor)) static void remember_program(void)
{
	program = getpid();
}

int __lsan_is_turned_off(void)
{
	return getpid() != program;
}

int64_t test_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void (*child_at_end)(void);

pid_t child_start(void (*body)(void *argument), void *argument)
{
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* A failed assertion ends the child: it must not go on with the next test. */
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		body(argument);
		if (child_at_end != NULL)
			child_at_end();
		_exit(EXIT_SUCCESS);
	}
	return pid;
}

/* poll() to the end of the time, whatever signals come. */
static bool becomes_readable(int fd, int msec)
{
	int64_t deadline = test_now() + msec;
	for (;;) {
		struct pollfd entry = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - test_now();
		int ready = poll(&entry, 1, left > 0 ? (int)left : 0);
		if (ready >= 0 || errno != EINTR)
			return ready == 1;
	}
}

bool process_ends(pid_t pid, int msec)
{
	int fd = pidfd_open(pid, 0);
	if (fd < 0)
		return errno == ESRCH;
	bool ended = becomes_readable(fd, msec);
	close(fd);
	return ended;
}

bool process_runs(pid_t pid)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	size_t size = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[size] = '\0';
	const char *state = strrchr(text, ')');
	return state != NULL && strchr("ZX", state[2]) == NULL;
}

int child_wait(pid_t pid)
{
	int status;
	if (!process_ends(pid, TEST_PATIENCE)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		fail_msg("a child did not end");
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child_join(pid_t pid)
{
	assert_int_equal(child_wait(pid), EXIT_SUCCESS);
}

void child_kill(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(child_wait(pid), 128 + SIGKILL);
}

pid_t process_parent(pid_t pid)
{
	char path[64], text[512];
	int parent = -1;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return -1;
	size_t size = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[size] = '\0';
	const char *state = strrchr(text, ')');
	if (state != NULL && state[2] != 'Z')
		sscanf(state + 3, "%d", &parent);
	return parent;
}

size_t process_children(pid_t pid, pid_t *children, size_t count)
{
	size_t found = 0;
	DIR *folder = opendir("/proc");
	assert_non_null(folder);
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (process_parent(atoi(entry->d_name)) == pid && found++ < count)
			children[found - 1] = atoi(entry->d_name);
	}
	closedir(folder);
	return found;
}

/* Whether one of its descriptors is a pidfd of that process. */
static bool watches(pid_t pid, pid_t watched)
{
	char path[300], line[64], wanted[32];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%d/fdinfo", (int)pid);
	snprintf(wanted, sizeof wanted, "Pid:\t%d\n", (int)watched);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder != NULL && !found && (entry = readdir(folder)) != NULL;) {
		snprintf(path, sizeof path, "/proc/%d/fdinfo/%.20s", (int)pid, entry->d_name);
		FILE *file = entry->d_name[0] != '.' ? fopen(path, "r") : NULL;
		while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
			found = strcmp(line, wanted) == 0;
		if (file != NULL)
			fclose(file);
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

/* It has to notice the server's end. -1: there is none. */
static pid_t keeper_of(pid_t server)
{
	pid_t keeper = -1;
	DIR *folder = opendir("/proc");
	assert_non_null(folder);
	for (struct dirent *entry; keeper < 0 && (entry = readdir(folder)) != NULL;) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (pid > 0 && pid != getpid() && pid != server && watches(pid, server))
			keeper = pid;
	}
	closedir(folder);
	return keeper;
}

size_t process_workers(pid_t server, pid_t *workers, size_t count)
{
	pid_t keeper = keeper_of(server);
	return keeper > 0 ? process_children(keeper, workers, count) : 0;
}

void gate_make(struct gate *gate)
{
	assert_int_equal(pipe2(gate->ends, O_CLOEXEC), 0);
}

void gate_close(struct gate *gate)
{
	close(gate->ends[0]);
	close(gate->ends[1]);
}

void gate_open(struct gate *gate)
{
	ssize_t written;
	do
		written = write(gate->ends[1], "", 1);
	while (written < 0 && errno == EINTR);
	child_check(written == 1);
}

void gate_pass(struct gate *gate)
{
	char byte;
	child_check(becomes_readable(gate->ends[0], TEST_PATIENCE));
	child_check(read(gate->ends[0], &byte, 1) == 1);
}

void thread_join(pthread_t thread, const char *what)
{
	struct timespec until;
	/* The one of these calls that the thread sanitizer knows has this clock. */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += TEST_PATIENCE / 1000;
	if (pthread_timedjoin_np(thread, NULL, &until) == 0)
		return;
	fprintf(stderr, "a thread did not end in %d ms: %s\n", TEST_PATIENCE, what);
	_exit(EXIT_FAILURE);
}

bool eventually(bool (*holds)(void *argument), void *argument)
{
	int64_t deadline = test_now() + TEST_PATIENCE;
	while (!holds(argument)) {
		if (test_now() > deadline)
			return false;
		poll(NULL, 0, 1);
	}
	return true;
}

void process_signal_all(pid_t pid, int number)
{
	enum { MOST = 64 };
	pid_t children[MOST];
	/* One that is stopped may be ended by others as soon as they go on. */
	assert_true(kill(pid, number) == 0 || errno == ESRCH);
	size_t count = process_children(pid, children, MOST);
	for (size_t i = 0; i < count && i < MOST; i++)
		process_signal_all(children[i], number);
}

void process_signal_server(pid_t server, int number)
{
	pid_t keeper = keeper_of(server);
	process_signal_all(server, number);
	if (keeper > 0)
		process_signal_all(keeper, number);
}

/* How often that thread has gone to sleep. */
static long count_of(pid_t pid, const char *thread)
{
	char path[300], line[200];
	long count = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, thread);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL)
		sscanf(line, "voluntary_ctxt_switches: %ld", &count);
	fclose(file);
	return count;
}

long process_sleeps(pid_t pid)
{
	char path[64], self[32];
	long count = 0;
	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	snprintf(self, sizeof self, "%d", (int)gettid());
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, self) != 0)
			count += count_of(pid, entry->d_name);
	}
	closedir(folder);
	return count;
}

void process_stop(pid_t pid)
{
	int status;
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
}

void process_go_on(pid_t pid)
{
	assert_int_equal(kill(pid, SIGCONT), 0);
}
