/* Another user who listens at a loopback address, where a broker or listener was expected. */
#include "support/broker.h"
#include "support/listeners.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { NOBODY = 65534 };

struct impostor {
	bool accepts; /* before the client asks whose it is, or never */
	struct gate listening, refused;
	in_port_t port; /* the child's word */
};

static int listen_at(struct impostor *impostor)
{
	struct sockaddr_in place = { .sin_family = AF_INET };
	socklen_t size = sizeof place;
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	child_check(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	child_check(bind(fd, (struct sockaddr *)&place, size) == 0 && listen(fd, 8) == 0);
	child_check(getsockname(fd, (struct sockaddr *)&place, &size) == 0);
	impostor->port = ntohs(place.sin_port);
	gate_open(&impostor->listening);
	return fd;
}

/* The first two say not a word; the third has a key, and begins to prove it. */
static void pose(void *argument)
{
	struct impostor *impostor = argument;
	int fd = listen_at(impostor);
	char byte;
	if (!impostor->accepts)
		gate_pass(&impostor->refused);
	for (int i = 0; i < 3; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		child_check(client >= 0);
		child_check(read(client, &byte, 1) == (i == 2));
		close(client);
	}
	close(fd);
}

static void expect_told_nothing(const char *address)
{
	relevo_session *session;
	relevo_pipe *pipe = NULL;
	assert_fails(relevo_session_open(address, NULL, &session), RELEVO_DENIED, address);
	assert_non_null(strstr(relevo_error_detail(), "uid 65534"));
	assert_fails(relevo_pipe_connect(address, NULL, TEST_PATIENCE, &pipe), RELEVO_DENIED,
		     address);
	assert_non_null(strstr(relevo_error_detail(), "uid 65534"));
}

/* A key tells more than who listens. */
static void expect_asked_for_proof(struct impostor *impostor, const char *address)
{
	char folder[64], file[80];
	relevo_session *session;
	test_folder_make(folder);
	snprintf(file, sizeof file, "%s/key", folder);
	test_key_write(file, "the key of somebody");
	const struct relevo_session_options options = { .key_file = file };
	gate_open(&impostor->refused);
	int status = relevo_session_open(address, &options, &session);
	assert_true(status != RELEVO_OK && status != RELEVO_DENIED);
	test_folder_remove(folder);
}

static void meet_impostor(bool accepts)
{
	if (geteuid() != 0)
		skip();
	struct impostor *impostor = mmap(NULL, sizeof *impostor, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char address[64];
	assert_true(impostor != MAP_FAILED);
	impostor->accepts = accepts;
	gate_make(&impostor->listening);
	gate_make(&impostor->refused);
	pid_t child = child_start(pose, impostor);
	gate_pass(&impostor->listening);
	snprintf(address, sizeof address, "tcp://127.0.0.1:%d", impostor->port);
	expect_told_nothing(address);
	expect_asked_for_proof(impostor, address);
	child_join(child);
	gate_close(&impostor->listening);
	gate_close(&impostor->refused);
	munmap(impostor, sizeof *impostor);
}

static void one_who_has_not_accepted_is_told_nothing(void **state)
{
	(void)state;
	meet_impostor(false);
}

static void one_who_accepts_is_told_nothing(void **state)
{
	(void)state;
	meet_impostor(true);
}

/* Root is trusted, and so is the own user: nobody rightful is refused. */
static void be_served(void *argument)
{
	const char *url = argument;
	relevo_session *session;
	child_check(relevo_session_open(url, NULL, &session) == RELEVO_OK);
	child_check(relevo_session_close(session) == RELEVO_OK);
}

static void a_broker_of_ones_own_is_spoken_with(void **state)
{
	(void)state;
	static const char *const hosts[] = { "127.0.0.1", "localhost", "0.0.0.0" };
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		struct test_broker broker;
		char url[64];
		snprintf(url, sizeof url, "tcp://%s:0", hosts[i]);
		const char *arguments[] = { "--insecure-tcp", "--listen", url, NULL };
		test_broker_start(&broker, arguments);
		snprintf(url, sizeof url, "tcp://127.0.0.1%s", strrchr(broker.more, ':'));
		child_join(child_start(be_served, url));
		test_broker_stop(&broker);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broker_of_ones_own_is_spoken_with),
		cmocka_unit_test(one_who_has_not_accepted_is_told_nothing),
		cmocka_unit_test(one_who_accepts_is_told_nothing),
	};
	return cmocka_run_group_tests_name("integration/tcp_impostor", tests, NULL, NULL);
}
