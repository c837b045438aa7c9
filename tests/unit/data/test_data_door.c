/* Where the users of a data folder find its broker, and whether there are any. */
/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/data_door.h"
#include "support/broker.h"
#include "transport/channel.h"
#include "transport/data_socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64];

static int make_base(void **state)
{
	(void)state;
	test_folder_make(base);
	return 0;
}

static int remove_base(void **state)
{
	(void)state;
	test_folder_remove(base);
	return 0;
}

static void open_folder(const char *path, struct data_folder *folder, struct address *address)
{
	struct error error = { 0 };
	assert_int_equal(data_folder_open(path, folder, &error), RELEVO_OK);
	assert_int_equal(data_folder_lock(folder, &error), RELEVO_OK);
	assert_int_equal(address_parse(folder->url, address, &error), RELEVO_OK);
}

static int try_connect(const struct address *address)
{
	struct channel *channel = NULL;
	struct error error = { 0 };
	int status = channel_connect(address, clock_now() + NSEC_PER_SEC, &channel, &error);
	channel_close(channel);
	return status;
}

static void found_at(const char *path)
{
	struct data_folder folder;
	struct address address;
	struct error error = { 0 };
	struct stat file;
	int door, here = open(".", O_PATH | O_CLOEXEC);
	open_folder(path, &folder, &address);
	assert_int_equal(try_connect(&address), RELEVO_NO_BROKER);
	assert_int_equal(data_door_open(&folder, &door, &error), RELEVO_OK);
	assert_int_equal(fstatat(folder.fd, DATA_SOCKET, &file, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(try_connect(&address), RELEVO_OK);
	/* One that was left is another's, once the folder is. */
	close(door);
	assert_int_equal(try_connect(&address), RELEVO_NO_BROKER);
	assert_int_equal(data_door_open(&folder, &door, &error), RELEVO_OK);
	assert_int_equal(try_connect(&address), RELEVO_OK);
	data_door_hide(&folder);
	assert_int_equal(try_connect(&address), RELEVO_NO_BROKER);
	close(door);
	/* The working directory is where it was. */
	struct stat before, after;
	assert_int_equal(fstat(here, &before), 0);
	assert_int_equal(stat(".", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	close(here);
	data_folder_close(&folder);
}

static void it_is_found(void **state)
{
	char path[96];
	(void)state;
	snprintf(path, sizeof path, "%s/data", base);
	found_at(path);
	mode_t before = umask(0777);
	snprintf(path, sizeof path, "%s/masked", base);
	found_at(path);
	umask(before);
}

static void it_is_found_far_away(void **state)
{
	char path[ADDRESS_MAX];
	(void)state;
	size_t length = (size_t)snprintf(path, sizeof path, "%s/", base);
	memset(path + length, 'x', 200);
	path[length + 200] = '\0';
	found_at(path);
}

static void it_is_deserted_when_all_have_left(void **state)
{
	struct data_use first = { .fd = -1 }, second = { .fd = -1 };
	struct data_folder folder;
	struct address address;
	struct error error = { 0 };
	char path[96];
	(void)state;
	snprintf(path, sizeof path, "%s/data", base);
	open_folder(path, &folder, &address);
	assert_int_equal(data_socket_use(&address, &first, &error), RELEVO_OK);
	assert_int_equal(data_socket_use(&address, &second, &error), RELEVO_OK);
	assert_false(data_door_deserted(&folder));
	data_socket_leave(&first);
	assert_false(data_door_deserted(&folder));
	/* Again is no more than once. */
	assert_int_equal(data_socket_use(&address, &second, &error), RELEVO_OK);
	data_socket_leave(&second);
	assert_true(data_door_deserted(&folder));
	assert_int_equal(data_socket_use(&address, &first, &error), TRY_AGAIN);
	data_folder_close(&folder);
}

static void whose_descriptor_was_closed_closes_no_other(void **state)
{
	struct data_use use = { .fd = -1 };
	struct data_folder folder;
	struct address address;
	struct error error = { 0 };
	char path[96];
	(void)state;
	snprintf(path, sizeof path, "%s/data", base);
	open_folder(path, &folder, &address);
	assert_int_equal(data_socket_use(&address, &use, &error), RELEVO_OK);
	int number = use.fd;
	assert_int_equal(dup2(folder.fd, number), number);
	data_socket_leave(&use);
	assert_true(fcntl(number, F_GETFD) >= 0);
	close(number);
	data_folder_close(&folder);
}

#define door_test(function) cmocka_unit_test_setup_teardown(function, make_base, remove_base)

int main(void)
{
	const struct CMUnitTest tests[] = {
		door_test(it_is_found),
		door_test(it_is_found_far_away),
		door_test(it_is_deserted_when_all_have_left),
		door_test(whose_descriptor_was_closed_closes_no_other),
	};
	return cmocka_run_group_tests_name("data_door", tests, NULL, NULL);
}
