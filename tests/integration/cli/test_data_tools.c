/* Data folders looked at, copied and repaired without their broker: relevo data. */
#include "integration/cli/client.h"

#include <fcntl.h>
#include <sys/stat.h>

static char folder[64], data[96], copy[96];
static struct test_broker broker;
static bool running;

static int tools_setup(void **state)
{
	(void)state;
	test_folder_make(folder);
	snprintf(data, sizeof data, "%s/data", folder);
	snprintf(copy, sizeof copy, "%s/copy", folder);
	test_broker_start(&broker, (const char *const[]){ "--data", data, NULL });
	running = true;
	return setenv("RELEVO_URL", broker.url, 1);
}

static void end_broker(void)
{
	running = false;
	test_broker_stop(&broker);
}

static void kill_broker(void)
{
	running = false;
	broker_kill(&broker);
	test_folder_remove(broker.folder);
}

static int tools_teardown(void **state)
{
	(void)state;
	if (running)
		end_broker();
	unsetenv("RELEVO_URL");
	test_folder_remove(folder);
	return 0;
}

/* Two queues and a cell; each item of "jobs" is in a record of its own. */
static void fill(void)
{
	relevo_session *session = session_open(broker.url);
	relevo_value *value;
	expect_output(client("", "queue", "create", "jobs", "--durable"), "");
	expect_output(client("", "queue", "create", "ranked", "--durable", "-o", "priority"), "");
	expect_output(client("", "queue", "put", "jobs", "first"), "");
	expect_output(client("", "queue", "put", "jobs", "second"), "");
	expect_output(client("", "queue", "put", "jobs", "third"), "");
	expect_output(client("", "queue", "put", "ranked", "low", "-p", "-2"), "");
	expect_output(client("", "queue", "put", "ranked", "high", "-p", "3", "-k", "K", "--ttl",
			     "1000000", "-H", "a=b"),
		      "");
	expect_output(client("", "queue", "get", "jobs"), "first\n");
	assert_ok(relevo_value_open(
		session, "v",
		&(struct relevo_value_options){ .type = RELEVO_TYPE_INT32, .durable = true },
		&value));
	relevo_value_close(value);
	assert_ok(relevo_session_close(session));
}

static int64_t number_of(const json_t *object, const char *name)
{
	const json_t *number = json_object_get(object, name);
	assert_true(json_is_integer(number));
	return json_integer_value(number);
}

/* ---- the folder's files, with no broker --------------------------------------- */

static int open_file(const char *name)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", data, name);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* Where in the first of its files these bytes are. */
static off_t place_of(int fd, const char *text)
{
	static char bytes[65536];
	ssize_t size = pread(fd, bytes, sizeof bytes, 0);
	assert_true(size > 0);
	const char *found = memmem(bytes, (size_t)size, text, strlen(text));
	assert_non_null(found);
	return found - bytes;
}

static void flip(const char *name, const char *text)
{
	int fd = open_file(name);
	assert_int_equal(pwrite(fd, "#", 1, place_of(fd, text)), 1);
	close(fd);
}

/* CRC-32C, as it stands behind the number of the format. */
static uint32_t checksum_of(const uint8_t *bytes, size_t size)
{
	uint32_t sum = UINT32_MAX;
	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? UINT32_C(0x82f63b78) : 0);
	}
	return ~sum;
}

/* It says that it is written in the next format. */
static void make_newer(const char *name)
{
	enum { FORMAT_AT = 8, CHECKSUM_AT = 12 };
	uint8_t head[CHECKSUM_AT + 4];
	int fd = open_file(name);
	assert_int_equal(pread(fd, head, sizeof head, 0), sizeof head);
	head[FORMAT_AT]++;
	uint32_t sum = checksum_of(head, CHECKSUM_AT);
	for (int i = 0; i < 4; i++)
		head[CHECKSUM_AT + i] = (uint8_t)(sum >> 8 * i);
	assert_int_equal(pwrite(fd, head, sizeof head, 0), sizeof head);
	close(fd);
}

/* What a broker says that cannot start with the folder. */
static void expect_refused(const char *at, const char *text)
{
	char output[2000], url[128];
	snprintf(url, sizeof url, "ipc://%s/refused.sock", folder);
	assert_int_not_equal(
		test_broker_run((const char *const[]){ "--data", at, "--listen", url, NULL },
				output, sizeof output),
		0);
	assert_non_null(strstr(output, text));
}

/* A broker of its own on that folder has this to take from the queue. */
static void expect_started(const char *at, const char *queue, const char *items)
{
	struct test_broker other;
	test_broker_start(&other, (const char *const[]){ "--data", at, NULL });
	expect_output(client("", "--url", other.url, "queue", "get", queue, "--all"), items);
	test_broker_stop(&other);
}

/* ---- a folder that is whole ------------------------------------------------------ */

static void expect_whole(const char *at, int64_t jobs)
{
	json_t *told = expect_json(client("", "data", "check", at, "--json"));
	const json_t *queues = json_object_get(told, "queues");
	assert_true(json_is_true(json_object_get(told, "whole")));
	assert_int_equal(json_array_size(queues), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(queues, 0), "queue")),
			    "jobs");
	assert_int_equal(number_of(json_array_get(queues, 0), "items"), jobs);
	assert_int_equal(number_of(json_array_get(queues, 1), "items"), 2);
	assert_int_equal(number_of(json_array_get(queues, 1), "bytes"), 7);
	assert_int_equal(json_array_size(json_object_get(told, "cells")), 1);
	assert_int_equal(json_array_size(json_object_get(told, "damage")), 0);
	json_decref(told);
}

static void check_counts_what_is_there(void **state)
{
	(void)state;
	fill();
	expect_whole(data, 2);
	expect_output(client("", "queue", "get", "jobs"), "second\n");
	expect_whole(data, 1);
	kill_broker();
	expect_whole(data, 1);
	expect_output(client("", "data", "check", data),
		      "QUEUE                          ITEMS         BYTES\n"
		      "jobs                               1             5\n"
		      "ranked                             2             7\n"
		      "cells: 1\n");
}

static void dump_writes_items_in_their_order(void **state)
{
	(void)state;
	fill();
	expect_output(client("", "data", "dump", data), "second\nthird\nhigh\nlow\n");
	expect_output(client("", "data", "dump", data, "ranked", "--raw"), "highlow");
	expect_failure(client("", "data", "dump", data, "none"), 6, "data dump: ");
	expect_output(client("", "queue", "get", "ranked"), "high\n");
	json_t *item = expect_json(client("", "data", "dump", data, "ranked", "--json"));
	assert_string_equal(json_string_value(json_object_get(item, "queue")), "ranked");
	assert_string_equal(json_string_value(json_object_get(item, "text")), "low");
	assert_int_equal(number_of(item, "sequence"), 1);
	assert_int_equal(number_of(item, "priority"), -2);
	assert_int_equal(number_of(item, "deliveries"), 0);
	json_decref(item);
	/* Nothing was taken. */
	expect_output(client("", "queue", "get", "jobs", "--all"), "second\nthird\n");
}

static void dump_tells_all_of_an_item(void **state)
{
	(void)state;
	fill();
	expect_output(client("", "queue", "create", "one", "--durable"), "");
	expect_output(client("", "queue", "put", "one", "x", "-k", "K", "--ttl", "1000000",
			     "--delay", "500000", "-H", "a=b"),
		      "");
	json_t *item = expect_json(client("", "data", "dump", data, "one", "--json"));
	assert_string_equal(json_string_value(json_object_get(item, "key")), "K");
	assert_int_equal(number_of(item, "expires") - number_of(item, "due"), 500000);
	assert_string_equal(json_string_value(json_object_get(item, "properties")), "EgFhGgFi");
	json_decref(item);
}

static void a_backup_is_taken_beside_a_broker(void **state)
{
	(void)state;
	struct stat status;
	fill();
	json_t *told = expect_json(client("", "data", "backup", data, copy, "--json"));
	assert_int_equal(number_of(told, "items"), 4);
	assert_int_equal(number_of(told, "queues"), 2);
	assert_int_equal(number_of(told, "cells"), 1);
	json_decref(told);
	/* What follows is not in it. */
	expect_output(client("", "queue", "put", "jobs", "fourth"), "");
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	expect_whole(copy, 2);
	expect_started(copy, "jobs", "second\nthird\n");
	expect_started(copy, "jobs", "");
	expect_started(copy, "ranked", "high\nlow\n");
	expect_failure(client("", "data", "backup", data, copy), 1, "data backup: the folder ");
	expect_output(client("", "queue", "get", "jobs", "--all"), "second\nthird\nfourth\n");
}

/* Each item that was confirmed before a backup began, and not taken, is in it. */
static void backups_of_a_busy_broker_are_whole(void **state)
{
	(void)state;
	fill();
	expect_output(client("", "queue", "create", "busy", "--durable"), "");
	expect_output(client("", "queue", "put", "busy", "stays"), "");
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t putter = client_begin(ends[0], -1, "queue", "put", "busy");
	close(ends[0]);
	for (int i = 0; i < 5; i++) {
		char to[128], line[32];
		int size = snprintf(line, sizeof line, "line %d\n", i);
		for (int j = 0; j < 200; j++)
			assert_int_equal(write(ends[1], line, (size_t)size), size);
		snprintf(to, sizeof to, "%s/copy-%d", folder, i);
		json_decref(expect_json(client("", "data", "check", data, "--json")));
		expect_output(client("", "data", "backup", data, to), "");
		struct outcome dumped = client("", "data", "dump", to, "busy");
		assert_int_equal(dumped.status, 0);
		assert_int_equal(strncmp(dumped.out, "stays\n", 6), 0);
		outcome_free(&dumped);
	}
	close(ends[1]);
	assert_int_equal(test_wait(putter), 0);
}

/* ---- damage -------------------------------------------------------------------------- */

static void what_is_damaged_is_named_and_the_rest_rescued(void **state)
{
	(void)state;
	char place[160], complaint[200];
	fill();
	end_broker();
	flip("extent-00000001", "second");
	snprintf(place, sizeof place, "%s/extent-00000001 is damaged at ", data);
	snprintf(complaint, sizeof complaint, "data check: %s", place);
	expect_failure(client("", "data", "check", data), 1, complaint);
	expect_refused(data, place);
	struct outcome told = client("", "data", "check", data, "--json");
	assert_int_equal(told.status, 1);
	json_t *object = json_loads(told.out, 0, NULL);
	const json_t *damage = json_array_get(json_object_get(object, "damage"), 0);
	assert_true(json_is_false(json_object_get(object, "whole")));
	assert_string_equal(json_string_value(json_object_get(damage, "file")), "extent-00000001");
	assert_true(number_of(damage, "readable_groups") > 0);
	json_decref(object);
	outcome_free(&told);
	told = client("", "data", "dump", data, "jobs");
	assert_int_equal(told.status, 1);
	assert_non_null(strstr(told.out, "third\n"));
	assert_null(strstr(told.out, "second\n"));
	outcome_free(&told);
	snprintf(complaint, sizeof complaint, "data backup: %s", place);
	expect_failure(client("", "data", "backup", data, copy), 1, complaint);
	expect_started(copy, "jobs", "third\n");
	expect_started(copy, "ranked", "high\nlow\n");
}

static void a_newer_format_is_not_read(void **state)
{
	(void)state;
	char complaint[200];
	fill();
	end_broker();
	make_newer("extent-00000001");
	snprintf(complaint, sizeof complaint,
		 "%s/extent-00000001 is written in format 2, this program knows format 1", data);
	expect_refused(data, complaint);
	char said[240];
	snprintf(said, sizeof said, "data check: %s", complaint);
	expect_failure(client("", "data", "check", data), 1, said);
	snprintf(said, sizeof said, "data backup: %s", complaint);
	expect_failure(client("", "data", "backup", data, copy), 1, said);
	struct stat status;
	assert_int_not_equal(stat(copy, &status), 0);
}

static void what_is_no_data_folder_is_said(void **state)
{
	char text[200];
	(void)state;
	snprintf(text, sizeof text, "data check: there is no folder %s", copy);
	expect_failure(client("", "data", "check", copy), 6, text);
	assert_int_not_equal(access(copy, F_OK), 0);
	snprintf(text, sizeof text, "data dump: %s is no data folder", folder);
	expect_failure(client("", "data", "dump", folder), 6, text);
}

#define tools_unit_test(function)                                                                  \
	cmocka_unit_test_setup_teardown(function, tools_setup, tools_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tools_unit_test(check_counts_what_is_there),
		tools_unit_test(dump_writes_items_in_their_order),
		tools_unit_test(dump_tells_all_of_an_item),
		tools_unit_test(a_backup_is_taken_beside_a_broker),
		tools_unit_test(backups_of_a_busy_broker_are_whole),
		tools_unit_test(what_is_damaged_is_named_and_the_rest_rescued),
		tools_unit_test(a_newer_format_is_not_read),
		tools_unit_test(what_is_no_data_folder_is_said),
	};
	return cmocka_run_group_tests_name("data_tools", tests, NULL, NULL);
}
