/* A broker in a user namespace: whoever has no number there is not taken for its user. */
#include "support/namespace.h"
#include "transcript/scene.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FIRST = 200000,   /* the user of the host who is root there */
	NOBODY = 65534,   /* whom the kernel shows for all without a number */
	STRANGER = 45678, /* of the host */
};

struct inner {
	char url[64];
	int program; /* its descriptor: the user there may not get at its path */
	int ready[2];
};

/* As the user whose number is that of the unknown. */
static void become_broker(void *argument)
{
	const struct inner *inner = argument;
	char ready[16];
	extern char **environ;
	if (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
		_exit(2);
	fcntl(inner->ready[1], F_SETFD, 0);
	snprintf(ready, sizeof ready, "%d", inner->ready[1]);
	char *const arguments[] = { (char *)"relevod",
				    (char *)"--listen",
				    (char *)inner->url,
				    (char *)"--listen",
				    (char *)"tcp://127.0.0.1:0",
				    (char *)"--ready-fd",
				    ready,
				    NULL };
	fexecve(inner->program, arguments, environ);
	_exit(127);
}

/* The line that it prints for each of its addresses. */
static void read_url(int fd, char *url, size_t size)
{
	size_t used = 0;
	for (;; used++) {
		struct pollfd entry = { .fd = fd, .events = POLLIN };
		assert_in_range(used, 0, size - 1);
		assert_int_equal(poll(&entry, 1, TEST_PATIENCE), 1);
		assert_int_equal(read(fd, url + used, 1), 1);
		if (url[used] == '\n')
			break;
	}
	url[used] = '\0';
}

static void expect_denied(const char *url, uid_t uid)
{
	struct wire_client client;
	assert_int_equal(seteuid(uid), 0);
	wire_connect(&client, url);
	assert_int_equal(seteuid(0), 0);
	wire_expect_failure(&client, 0, RELEVO_DENIED, "somebody without a uid");
	wire_expect_end(&client);
	wire_close(&client);
}

static void test_who_has_no_number_there_is_denied(void **state)
{
	(void)state;
	struct inner inner;
	struct wire_client client;
	char abstract[64], tcp[64];
	if (geteuid() != 0)
		skip();
	snprintf(inner.url, sizeof inner.url, "abstract://relevo-test-%d", (int)getpid());
	inner.program = open(test_broker_program(), O_RDONLY | O_CLOEXEC);
	assert_true(inner.program >= 0);
	assert_int_equal(pipe2(inner.ready, O_CLOEXEC), 0);
	pid_t broker = namespace_child("0 200000 65535", become_broker, &inner);
	close(inner.program);
	close(inner.ready[1]);
	if (broker < 0) {
		close(inner.ready[0]);
		skip();
	}
	read_url(inner.ready[0], abstract, sizeof abstract);
	read_url(inner.ready[0], tcp, sizeof tcp);
	close(inner.ready[0]);
	expect_denied(abstract, STRANGER);
	expect_denied(tcp, STRANGER);
	/* Its own user looks like the stranger: better to refuse both. */
	expect_denied(abstract, FIRST + NOBODY);
	assert_int_equal(seteuid(FIRST), 0);
	wire_connect(&client, abstract);
	assert_int_equal(seteuid(0), 0);
	wire_hello(&client);
	wire_round_trip(&client, wire_open(&client, "of its root"));
	wire_close(&client);
	assert_int_equal(kill(broker, SIGTERM), 0);
	assert_int_equal(test_wait(broker), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_has_no_number_there_is_denied),
	};
	return cmocka_run_group_tests_name("transcript/namespace", tests, NULL, NULL);
}
