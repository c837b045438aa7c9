#include "support/test.h"

#include "support/leaks.h"
#include "transport/tcp_owner.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct line {
	int listening, theirs, ours;
	union socket_place far, near;
};

/* False: this host has no such addresses. */
static bool line_open(struct line *line, int family)
{
	union socket_place place = { .any.sa_family = (sa_family_t)family };
	socklen_t size = family == AF_INET6 ? sizeof place.v6 : sizeof place.v4;
	if (family == AF_INET6)
		place.v6.sin6_addr = in6addr_loopback;
	else
		place.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	line->listening = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line->listening < 0 || bind(line->listening, &place.any, size) != 0) {
		close(line->listening);
		return false;
	}
	assert_int_equal(listen(line->listening, 1), 0);
	assert_int_equal(getsockname(line->listening, &place.any, &size), 0);
	line->theirs = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(line->theirs, &place.any, size), 0);
	line->ours = accept4(line->listening, NULL, NULL, SOCK_CLOEXEC);
	assert_true(line->ours >= 0);
	memset(&line->far, 0, sizeof line->far);
	memset(&line->near, 0, sizeof line->near);
	assert_int_equal(getpeername(line->ours, &line->far.any, &size), 0);
	assert_int_equal(getsockname(line->ours, &line->near.any, &size), 0);
	return true;
}

static void line_close(struct line *line)
{
	close(line->listening);
	close(line->ours);
}

typedef int ask_owner(const union socket_place *theirs, const union socket_place *ours, uid_t *uid);

static void expect_owner(ask_owner *ask, int family, uid_t owner)
{
	struct line line;
	uid_t uid = 4711;
	if (owner != geteuid())
		assert_int_equal(seteuid(owner), 0);
	bool there = line_open(&line, family);
	assert_int_equal(seteuid(getuid()), 0);
	if (!there)
		return;
	assert_int_equal(ask(&line.far, &line.near, &uid), 0);
	assert_int_equal(uid, owner);
	/* Of one that is closed it would be root. */
	close(line.theirs);
	assert_int_equal(ask(&line.far, &line.near, &uid), ENOENT);
	line_close(&line);
}

static void test_the_kernel_names_the_owner(void **state)
{
	static ask_owner *const ways[] = { tcp_owner, tcp_owner_in_proc };
	(void)state;
	for (int i = 0; i < 2; i++) {
		expect_owner(ways[i], AF_INET, geteuid());
		expect_owner(ways[i], AF_INET6, geteuid());
		if (geteuid() != 0)
			continue;
		expect_owner(ways[i], AF_INET, 65534);
		expect_owner(ways[i], AF_INET6, 65534);
	}
}

static void test_who_is_not_here_has_no_owner(void **state)
{
	struct line line;
	uid_t uid;
	(void)state;
	assert_true(line_open(&line, AF_INET));
	line.far.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	assert_int_equal(tcp_owner(&line.far, &line.near, &uid), ENOENT);
	assert_int_equal(tcp_owner_in_proc(&line.far, &line.near, &uid), ENOENT);
	close(line.theirs);
	line_close(&line);
}

/* As a client asks: before the other side has accepted, and after it. */
static void expect_listening(int family, uid_t owner)
{
	union socket_place place = { .any.sa_family = (sa_family_t)family }, near = { 0 };
	socklen_t size = family == AF_INET6 ? sizeof place.v6 : sizeof place.v4;
	uid_t uid = 4711;
	/* Any address: the socket that listens need not have the one that was connected to. */
	assert_int_equal(seteuid(owner), 0);
	int listening = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = listening >= 0 && bind(listening, &place.any, size) == 0;
	assert_int_equal(seteuid(getuid()), 0);
	assert_true(!there || listen(listening, 1) == 0);
	int ours = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (there)
		assert_int_equal(getsockname(listening, &place.any, &size), 0);
	if (family == AF_INET6)
		place.v6.sin6_addr = in6addr_loopback;
	else
		place.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (there && connect(ours, &place.any, size) == 0) {
		assert_int_equal(getsockname(ours, &near.any, &size), 0);
		assert_int_equal(tcp_owner(&place, &near, &uid), ENOENT);
		assert_int_equal(tcp_owner_listening(&place, &near, &uid), 0);
		assert_int_equal(uid, owner);
		assert_int_equal(seteuid(owner), 0);
		int theirs = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		assert_int_equal(seteuid(getuid()), 0);
		close(listening);
		assert_int_equal(tcp_owner_listening(&place, &near, &uid), 0);
		assert_int_equal(uid, owner);
		close(theirs);
		assert_int_equal(tcp_owner_listening(&place, &near, &uid), ENOENT);
	} else if (listening >= 0) {
		close(listening);
	}
	close(ours);
}

static void test_who_listens_is_known_before_he_accepts(void **state)
{
	(void)state;
	expect_listening(AF_INET, geteuid());
	expect_listening(AF_INET6, geteuid());
	if (geteuid() != 0)
		return;
	expect_listening(AF_INET, 65534);
	expect_listening(AF_INET6, 65534);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_the_kernel_names_the_owner),
		leaks_unit_test(test_who_is_not_here_has_no_owner),
		leaks_unit_test(test_who_listens_is_known_before_he_accepts),
	};
	return cmocka_run_group_tests_name("wire/tcp_owner", tests, NULL, NULL);
}
