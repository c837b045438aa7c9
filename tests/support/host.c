/* Making the network namespace that stands for another host, and its cable. */
#include "support/host.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	struct test_host host;
	pid_t maker;  /* the process whose host it is */
	pid_t keeper; /* the process that keeps the namespace */
	int fd;       /* the namespace */
	bool tried, made;
} the_host = { .fd = -1 };

/* The process in the other namespace, which does nothing. */
static _Noreturn void keep(int ready, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || unshare(CLONE_NEWNET) < 0)
		_exit(EXIT_FAILURE);
	if (write(ready, "", 1) != 1)
		_exit(EXIT_FAILURE);
	close(ready);
	for (;;)
		pause();
}

static bool start_keeper(void)
{
	int ready[2];
	char byte;
	pid_t parent = getpid();
	if (pipe2(ready, O_CLOEXEC) < 0)
		return false;
	the_host.keeper = fork();
	if (the_host.keeper == 0)
		keep(ready[1], parent);
	close(ready[1]);
	bool started = the_host.keeper > 0 && read(ready[0], &byte, 1) == 1;
	close(ready[0]);
	return started;
}

/* Run a command of the shell's; its complaints are ours. */
static bool run(const char *command)
{
	extern char **environ;
	char *const arguments[] = { (char *)"sh", (char *)"-c", (char *)command, NULL };
	pid_t pid;
	int status;
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ) != 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A cable from here to there. Its name and addresses are those of the keeper's
 * process, so that tests which run at the same time do not meet. */
static bool connect_it(void)
{
	unsigned number = (unsigned)the_host.keeper;
	char command[1024];
	/* 198.18.0.0/15 is set aside for tests of networks. */
	unsigned net = 198u << 24 | 18u << 16 | (number & 0x7fff) << 2;
	struct test_host *host = &the_host.host;
	snprintf(host->here, sizeof host->here, "%u.%u.%u.%u", net >> 24, net >> 16 & 255,
		 net >> 8 & 255, (net & 255) + 1);
	snprintf(host->there, sizeof host->there, "%u.%u.%u.%u", net >> 24, net >> 16 & 255,
		 net >> 8 & 255, (net & 255) + 2);
	snprintf(command, sizeof command,
		 "ip link add rv%u type veth peer name there netns %u &&"
		 "ip addr add %s/30 dev rv%u && ip link set rv%u up &&"
		 "nsenter -t %u -n ip addr add %s/30 dev there &&"
		 "nsenter -t %u -n ip link set there up && nsenter -t %u -n ip link set lo up",
		 number, number, host->here, number, number, number, host->there, number, number);
	return run(command);
}

static bool make(void)
{
	char path[64];
	if (!start_keeper() || !connect_it())
		return false;
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)the_host.keeper);
	the_host.fd = open(path, O_RDONLY | O_CLOEXEC);
	return the_host.fd >= 0;
}

const struct test_host *test_host(void)
{
	if (!the_host.tried) {
		the_host.tried = true;
		the_host.maker = getpid();
		atexit(test_host_end);
		the_host.made = make();
		if (!the_host.made)
			fprintf(stderr, "no network namespace can be made here: "
					"loopback stands in for another host\n");
	}
	return the_host.made ? &the_host.host : NULL;
}

bool test_host_enter(void)
{
	return test_host_enter_at(the_host.fd);
}

int test_host_descriptor(void)
{
	return the_host.fd;
}

bool test_host_enter_at(int descriptor)
{
	return setns(descriptor, CLONE_NEWNET) == 0;
}

void test_host_unplug(bool unplugged)
{
	char command[128];
	snprintf(command, sizeof command, "nsenter -t %u -n ip link set there %s",
		 (unsigned)the_host.keeper, unplugged ? "down" : "up");
	assert_true(run(command));
}

void test_host_end(void)
{
	if (getpid() != the_host.maker)
		return;
	if (the_host.keeper > 0) {
		kill(the_host.keeper, SIGKILL);
		waitpid(the_host.keeper, NULL, 0);
	}
	if (the_host.fd >= 0)
		close(the_host.fd);
	the_host.keeper = 0;
	the_host.fd = -1;
}
