/* Who may tell a program that is run anew what to do. */
#include "process/reexec_trust.h"

#include "support/test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Somebody else than the superuser. */
enum { NOBODY = 65534 };

static int make_socket(void)
{
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	return ends[0];
}

static void test_an_ordinary_program_obeys(void **state)
{
	(void)state;
	int socket = make_socket();
	assert_true(reexec_trusts(socket, false));
	close(socket);
}

/* Its rights are no ids, so nobody can show that he has them. */
static void test_rights_of_another_kind(void **state)
{
	(void)state;
	int socket = make_socket();
	assert_false(reexec_trusts(socket, true));
	close(socket);
}

static void check_makers(void (*take)(uid_t id))
{
	int before = make_socket();
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	take(NOBODY);
	int after = make_socket();
	bool of_others =
		reexec_trusts(before, true) || reexec_trusts(file, true) || reexec_trusts(-1, true);
	bool of_ours = reexec_trusts(after, true);
	take(0);
	assert_false(of_others);
	assert_true(of_ours);
	close(before);
	close(after);
	close(file);
}

static void take_user(uid_t id)
{
	assert_int_equal(seteuid(id), 0);
}

static void take_group(gid_t id)
{
	assert_int_equal(setegid(id), 0);
}

static void test_who_made_the_socket(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	check_makers(take_user);
	check_makers(take_group);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ordinary_program_obeys),
		cmocka_unit_test(test_rights_of_another_kind),
		cmocka_unit_test(test_who_made_the_socket),
	};
	return cmocka_run_group_tests_name("reexec_trust", tests, NULL, NULL);
}
