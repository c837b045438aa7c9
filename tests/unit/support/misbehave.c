/* A program that does what the runner has to notice; see test_runner.c. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int behave(void)
{
	const char *temporary = getenv("TMPDIR");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	if (getenv("RELEVO_URL") != NULL || temporary == NULL || runtime == NULL)
		return 3;
	return access(temporary, W_OK) == 0 && access(runtime, W_OK) == 0 ? 0 : 3;
}

static int hang(void)
{
	poll(NULL, 0, -1);
	return 0;
}

static int leave_child(void)
{
	if (fork() == 0)
		_exit(hang());
	return 0;
}

/* In a session of its own, as a daemon is, and orphaned at once. */
static int leave_daemon(void)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			_exit(hang());
		_exit(0);
	}
	return 0;
}

/* As a private broker does: ends when it notices that its parent has. */
static int leave_child_that_ends(void)
{
	int alive[2];
	if (pipe(alive) < 0)
		return 3;
	if (fork() == 0) {
		close(alive[1]);
		struct pollfd end = { .fd = alive[0], .events = POLLIN };
		poll(&end, 1, -1);
		/* Not at once: the runner has to wait for it. */
		poll(NULL, 0, 100);
		_exit(0);
	}
	return 0;
}

static int leave_file(const char *folder)
{
	char path[200];
	snprintf(path, sizeof path, "%s/left-over", folder);
	return open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0 ? 0 : 3;
}

static int leave_socket(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	snprintf(name.sun_path, sizeof name.sun_path, "%s/left.sock", getenv("XDG_RUNTIME_DIR"));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 ? 0 : 3;
}

static int hang_with_child(void)
{
	leave_daemon();
	return hang();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "behave") == 0)
		return behave();
	if (strcmp(what, "fail") == 0)
		return 7;
	if (strcmp(what, "crash") == 0)
		abort();
	if (strcmp(what, "hang") == 0)
		return hang_with_child();
	if (strcmp(what, "child") == 0)
		return leave_child();
	if (strcmp(what, "daemon") == 0)
		return leave_daemon();
	if (strcmp(what, "child-that-ends") == 0)
		return leave_child_that_ends();
	if (strcmp(what, "file") == 0)
		return leave_file(getenv("TMPDIR"));
	if (strcmp(what, "socket") == 0)
		return leave_socket();
	if (strcmp(what, "shm") == 0)
		return leave_file(getenv("RELEVO_TEST_SHM"));
	return 2;
}
