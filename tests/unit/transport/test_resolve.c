/* The names of hosts, with a resolver that does what the test says. */
#include "transport/resolve.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_int asked, failure;
static atomic_bool is_stuck;
static sem_t goes_on, has_ended;

static struct addrinfo *entry(const char *numbers, struct addrinfo *next)
{
	struct addrinfo *made = calloc(1, sizeof *made + sizeof(struct sockaddr_in6));
	struct sockaddr_in *v4 = (struct sockaddr_in *)(made + 1);
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(made + 1);
	made->ai_addr = (struct sockaddr *)(made + 1);
	made->ai_next = next;
	v4->sin_family = AF_INET;
	if (inet_pton(AF_INET, numbers, &v4->sin_addr) != 1) {
		v6->sin6_family = AF_INET6;
		assert_int_equal(inet_pton(AF_INET6, numbers, &v6->sin6_addr), 1);
	}
	return made;
}

/* In place of the C library's: numbers, and "twofold". */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	struct in6_addr unused;
	char numbers[64];
	(void)service;
	snprintf(numbers, sizeof numbers, "%.*s", (int)strcspn(host, "%"), host);
	bool is_numeric = inet_pton(AF_INET, host, &unused) == 1 ||
			  inet_pton(AF_INET6, numbers, &unused) == 1;
	if (hints->ai_flags & AI_NUMERICHOST) {
		if (!is_numeric)
			return EAI_NONAME;
		*found = entry(numbers, NULL);
		if (strchr(host, '%') != NULL)
			((struct sockaddr_in6 *)(*found)->ai_addr)->sin6_scope_id =
				if_nametoindex(strchr(host, '%') + 1);
		return 0;
	}
	asked++;
	if (is_stuck) {
		sem_wait(&goes_on);
		sem_post(&has_ended);
	}
	*found = failure == 0 ? entry("::1", entry("127.0.0.1", NULL)) : NULL;
	return failure;
}

void freeaddrinfo(struct addrinfo *found)
{
	while (found != NULL) {
		struct addrinfo *next = found->ai_next;
		free(found);
		found = next;
	}
}

static int find(const char *url, nsec_t deadline, struct resolved *resolved, struct error *error)
{
	struct address address;
	assert_int_equal(address_parse(url, &address, error), RELEVO_OK);
	return resolve(&address, deadline, resolved, error);
}

/* It stands for these, and nothing else; NULL: there is no second. */
static void expect(const char *url, const char *first, const char *second)
{
	struct error error = { 0 };
	struct resolved resolved;
	char numbers[ADDRESS_MAX];
	if (find(url, clock_now() + RESOLVE_TIME, &resolved, &error) != RELEVO_OK)
		fail_msg("%s: %s", url, error_text(&error));
	assert_int_equal(resolved.count, second != NULL ? 2 : 1);
	resolve_url(&resolved.places[0], 7, numbers);
	assert_string_equal(numbers, first);
	if (second != NULL) {
		resolve_url(&resolved.places[1], 7, numbers);
		assert_string_equal(numbers, second);
	}
}

static void numbers_are_not_asked_for(void **state)
{
	char with_zone[ADDRESS_MAX];
	(void)state;
	asked = 0;
	expect("tcp://192.0.2.7:1", "tcp://192.0.2.7:7", NULL);
	expect("tcp://[2001:db8::1]:1", "tcp://[2001:db8::1]:7", NULL);
	snprintf(with_zone, sizeof with_zone, "tcp://[fe80::1%%%u]:7", if_nametoindex("lo"));
	expect("tcp://[fe80::1%lo]:1", with_zone, NULL);
	assert_int_equal(asked, 0);
}

static void localhost_is_this_host(void **state)
{
	const char *const names[] = { "localhost", "LocalHost", "localhost.", "a.localhost",
				      "a.b.localhost." };
	(void)state;
	asked = 0;
	failure = EAI_NONAME;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char url[ADDRESS_MAX];
		snprintf(url, sizeof url, "tcp://%s:1", names[i]);
		expect(url, "tcp://127.0.0.1:7", "tcp://[::1]:7");
	}
	assert_int_equal(asked, 0);
	failure = 0;
	expect("tcp://notlocalhost:1", "tcp://[::1]:7", "tcp://127.0.0.1:7");
	expect("tcp://localhost.example:1", "tcp://[::1]:7", "tcp://127.0.0.1:7");
	assert_int_equal(asked, 2);
}

static void a_name_has_all_its_addresses(void **state)
{
	(void)state;
	expect("tcp://twofold:1", "tcp://[::1]:7", "tcp://127.0.0.1:7");
}

static void why_a_name_is_not_known_is_said(void **state)
{
	struct resolved resolved;
	struct error error = { 0 };
	(void)state;
	failure = EAI_NONAME;
	assert_int_equal(find("tcp://nobody:1", NSEC_NEVER, &resolved, &error), RELEVO_NOT_FOUND);
	assert_non_null(strstr(error.text, "nobody"));
	assert_non_null(strstr(error.text, gai_strerror(EAI_NONAME)));
	failure = EAI_MEMORY;
	assert_int_equal(find("tcp://nobody:1", NSEC_NEVER, &resolved, &error), RELEVO_NO_MEMORY);
	failure = 0;
}

/* Who asked goes away in time; the thread that finds out ends alone. */
static void a_resolver_that_does_not_answer_is_left_alone(void **state)
{
	struct resolved resolved;
	struct error error = { 0 };
	(void)state;
	assert_int_equal(sem_init(&goes_on, 0, 0), 0);
	assert_int_equal(sem_init(&has_ended, 0, 0), 0);
	is_stuck = true;
	nsec_t before = clock_now();
	assert_int_equal(find("tcp://slow:1", clock_now() + 100 * NSEC_PER_MSEC, &resolved, &error),
			 RELEVO_TIMED_OUT);
	assert_true(clock_now() - before >= 100 * NSEC_PER_MSEC);
	assert_non_null(strstr(error.text, "slow"));
	assert_int_equal(sem_post(&goes_on), 0);
	assert_int_equal(sem_wait(&has_ended), 0);
	is_stuck = false;
}

static void what_other_hosts_can_reach_is_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		bool loopback;
	} cases[] = {
		{ "tcp://127.0.0.1:1", true },
		{ "tcp://127.255.3.4:1", true },
		{ "tcp://localhost:1", true },
		{ "tcp://[::1]:1", true },
		{ "tcp://[::ffff:127.1.2.3]:1", true },
		{ "tcp://0.0.0.0:1", false },
		{ "tcp://128.0.0.1:1", false },
		{ "tcp://126.255.255.255:1", false },
		{ "tcp://192.0.2.1:1", false },
		{ "tcp://[::]:1", false },
		{ "tcp://[::2]:1", false },
		{ "tcp://[2001:db8::1]:1", false },
		{ "tcp://[::ffff:192.0.2.1]:1", false },
		{ "tcp://[::ffff:0.0.0.0]:1", false },
		{ "ipc:///run/x", true },
		{ "abstract://x", true },
		{ "fd://3", true },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct address address;
		struct error error = { 0 };
		bool loopback = !cases[i].loopback;
		assert_int_equal(address_parse(cases[i].url, &address, &error), RELEVO_OK);
		if (resolve_is_loopback(&address, &loopback, &error) != RELEVO_OK)
			fail_msg("%s", error_text(&error));
		if (loopback != cases[i].loopback)
			fail_msg("%s: %d", cases[i].url, loopback);
	}
	struct address address;
	struct error error = { 0 };
	bool loopback;
	failure = EAI_NONAME;
	assert_int_equal(address_parse("tcp://nowhere.invalid:1", &address, &error), RELEVO_OK);
	assert_int_equal(resolve_is_loopback(&address, &loopback, &error), RELEVO_NOT_FOUND);
	assert_non_null(strstr(error.text, "nowhere.invalid"));
	failure = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_not_asked_for),
		cmocka_unit_test(localhost_is_this_host),
		cmocka_unit_test(a_name_has_all_its_addresses),
		cmocka_unit_test(why_a_name_is_not_known_is_said),
		cmocka_unit_test(a_resolver_that_does_not_answer_is_left_alone),
		cmocka_unit_test(what_other_hosts_can_reach_is_told_apart),
	};
	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
