#include "base/name.h"
#include "transport/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* 107 and 108 bytes, with the slash: what fits into sun_path, and what not. */
#define TEN        "0123456789"
#define FIFTY      TEN TEN TEN TEN TEN
#define FITS       "/" FIFTY FIFTY "012345"
#define DOES_NOT   FITS "6"
#define LABEL_FIT  FIFTY FIFTY "0123456"
#define LABEL_LONG LABEL_FIT "7"

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		enum address_kind kind;
		const char *place;
		int number;
	} cases[] = {
		{ "ipc:///run/relevo.sock", ADDRESS_IPC, "/run/relevo.sock", 0 },
		{ "ipc:///with space/\xc3\xa4", ADDRESS_IPC, "/with space/\xc3\xa4", 0 },
		{ "ipc://" FITS, ADDRESS_IPC, FITS, 0 },
		{ "abstract://name", ADDRESS_ABSTRACT, "name", 0 },
		{ "abstract://a/b", ADDRESS_ABSTRACT, "a/b", 0 },
		{ "abstract://" LABEL_FIT, ADDRESS_ABSTRACT, LABEL_FIT, 0 },
		{ "fd://0", ADDRESS_FD, "", 0 },
		{ "fd://2147483647", ADDRESS_FD, "", 2147483647 },
		{ "tcp://localhost:7000", ADDRESS_TCP, "localhost", 7000 },
		{ "tcp://a-b_c.example:0", ADDRESS_TCP, "a-b_c.example", 0 },
		{ "tcp://0.0.0.0:65535", ADDRESS_TCP, "0.0.0.0", 65535 },
		{ "tcp://[::1]:7000", ADDRESS_TCP, "::1", 7000 },
		{ "data:///var/lib/app", ADDRESS_DATA, "/var/lib/app", 0 },
		{ "data:///var/lib/app//", ADDRESS_DATA, "/var/lib/app", 0 },
		{ "data:///", ADDRESS_DATA, "/", 0 },
		{ "data:///a%20b c", ADDRESS_DATA, "/a%20b c", 0 },
		{ "tcp://[::ffff:127.0.0.1]:1", ADDRESS_TCP, "::ffff:127.0.0.1", 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct address address;
		struct error error = { 0 };
		if (address_parse(cases[i].url, &address, &error) != RELEVO_OK)
			fail_msg("%s", error_text(&error));
		assert_int_equal(address.kind, cases[i].kind);
		assert_string_equal(address.url, cases[i].url);
		assert_string_equal(address.place, cases[i].place);
		assert_int_equal(address.number, cases[i].number);
	}
}

static const struct {
	const char *url;
	const char *text;
} bad_ones[] = {
	{ "", "does not begin with" },
	{ "relevo.sock", "does not begin with" },
	{ "/run/relevo.sock", "does not begin with" },
	{ "http://host:80", "does not begin with" },
	{ "IPC:///run/x", "does not begin with" },
	{ "ipc:/run/x", "does not begin with" },
	{ "ipc://", "absolute path" },
	{ "ipc://run/x", "absolute path" },
	{ "ipc:///", "names a folder" },
	{ "ipc:///run/", "names a folder" },
	{ "ipc://" DOES_NOT, "too long" },
	{ "ipc:///a\nb", "control character" },
	{ "ipc:///a\x7f", "control character" },
	{ "abstract://", "has no name" },
	{ "abstract://" LABEL_LONG, "too long" },
	{ "data://", "absolute path of a folder" },
	{ "data://var/lib", "absolute path of a folder" },
	{ "data:/var", "does not begin with" },
	{ "data:///a\nb", "control character" },
	{ "fd://", "number of a descriptor" },
	{ "fd://x", "number of a descriptor" },
	{ "fd://-1", "number of a descriptor" },
	{ "fd://+3", "number of a descriptor" },
	{ "fd:// 3", "number of a descriptor" },
	{ "fd://03", "number of a descriptor" },
	{ "fd://2147483648", "number of a descriptor" },
	{ "fd://99999999999999999999999", "number of a descriptor" },
	{ "tcp://", "has no port" },
	{ "tcp://host", "has no port" },
	{ "tcp://[::1]", "has no port" },
	{ "tcp://[::1]7000", "has no port" },
	{ "tcp://[::1", "bracket" },
	{ "tcp://:7000", "has no host" },
	{ "tcp://*:7000", "0.0.0.0" },
	{ "tcp://host:", "has a port" },
	{ "tcp://host:x", "has a port" },
	{ "tcp://host:-1", "has a port" },
	{ "tcp://host:65536", "has a port" },
	{ "tcp://host:7000/", "has a port" },
	{ "tcp://::1:7000", "brackets" },
	{ "tcp://[localhost]:7000", "not an IPv6" },
	{ "tcp://[::1%]:7000", "no name of an interface" },
	{ "tcp://[fe80::1%sixteen_letters_]:1", "no name of an interface" },
	{ "tcp://[%eth0]:7000", "not an IPv6" },
	{ "tcp://a b:7000", "no host name" },
	{ "tcp://user@host:7000", "no host name" },
	{ "tcp://" FIFTY FIFTY FIFTY FIFTY FIFTY "0123:1", "too long" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_ones / sizeof bad_ones[0]; i++) {
		struct address address = { .number = 77 };
		struct error error = { 0 };
		if (address_parse(bad_ones[i].url, &address, &error) != RELEVO_BAD_ADDRESS)
			fail_msg("%s is taken", bad_ones[i].url);
		assert_int_equal(error.status, RELEVO_BAD_ADDRESS);
		if (strstr(error.text, bad_ones[i].text) == NULL)
			fail_msg("%s: %s", bad_ones[i].url, error.text);
		char shown[16];
		name_make_printable(bad_ones[i].url, shown, sizeof shown);
		shown[strlen(shown) < 8 ? strlen(shown) : 8] = '\0';
		assert_non_null(strstr(error.text, shown));
		assert_int_equal(address.number, 77);
	}
}

static void test_overlong(void **state)
{
	(void)state;
	char url[100000];
	memset(url, 'a', sizeof url);
	memcpy(url, "tcp://", 6);
	url[sizeof url - 1] = '\0';
	struct address address;
	struct error error = { 0 };
	assert_int_equal(address_parse(url, &address, &error), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(error.text, "too long"));
	url[ADDRESS_MAX] = '\0';
	assert_int_equal(address_parse(url, &address, NULL), RELEVO_BAD_ADDRESS);
	url[ADDRESS_MAX - 1] = '\0';
	assert_int_equal(address_parse(url, &address, &error), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(error.text, "has no port"));
}

static void test_to_unix(void **state)
{
	(void)state;
	struct address address;
	struct sockaddr_un name;
	size_t before = offsetof(struct sockaddr_un, sun_path);
	assert_int_equal(address_parse("ipc:///run/x", &address, NULL), RELEVO_OK);
	assert_int_equal(address_to_unix(&address, &name), before + 7);
	assert_string_equal(name.sun_path, "/run/x");
	assert_int_equal(address_parse("abstract://abc", &address, NULL), RELEVO_OK);
	assert_int_equal(address_to_unix(&address, &name), before + 4);
	assert_memory_equal(name.sun_path, "\0abc", 4);
	assert_int_equal(address_parse("ipc://" FITS, &address, NULL), RELEVO_OK);
	assert_int_equal(address_to_unix(&address, &name), sizeof name);
	assert_string_equal(name.sun_path, FITS);
	assert_int_equal(address_parse("abstract://" LABEL_FIT, &address, NULL), RELEVO_OK);
	assert_int_equal(address_to_unix(&address, &name), sizeof name);
	assert_memory_equal(name.sun_path + 1, LABEL_FIT, 107);
}

static void test_default(void **state)
{
	(void)state;
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *usual = runtime != NULL ? strdup(runtime) : NULL;
	char url[ADDRESS_MAX];
	struct error error = { 0 };

	setenv("XDG_RUNTIME_DIR", "/run/mine", 1);
	assert_int_equal(address_default(url, NULL), RELEVO_OK);
	assert_string_equal(url, "ipc:///run/mine/relevo/relevo.sock");

	setenv("XDG_RUNTIME_DIR", "/" FIFTY FIFTY, 1);
	assert_int_equal(address_default(url, &error), RELEVO_BAD_ADDRESS);
	assert_non_null(strstr(error.text, TEN));
	assert_string_equal(url, "ipc:///run/mine/relevo/relevo.sock");

	/* A relative one does not count, says its specification. */
	setenv("XDG_RUNTIME_DIR", "mine", 1);
	assert_int_equal(address_default(url, NULL), RELEVO_OK);
	char own[64], shared[64];
	snprintf(own, sizeof own, "ipc:///run/user/%u/relevo/relevo.sock", (unsigned)getuid());
	snprintf(shared, sizeof shared, "ipc:///tmp/relevo-%u/relevo.sock", (unsigned)getuid());
	assert_true(strcmp(url, own) == 0 || strcmp(url, shared) == 0);

	if (usual != NULL)
		setenv("XDG_RUNTIME_DIR", usual, 1);
	else
		unsetenv("XDG_RUNTIME_DIR");
	free(usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),     cmocka_unit_test(test_bad),
		cmocka_unit_test(test_overlong), cmocka_unit_test(test_to_unix),
		cmocka_unit_test(test_default),
	};
	return cmocka_run_group_tests_name("wire/address", tests, NULL, NULL);
}
