/* The folder of what a broker keeps: what it has to be, and that one broker has it. */
/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/data_folder.h"
#include "support/broker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64], path[96];

static int make_base(void **state)
{
	(void)state;
	test_folder_make(base);
	snprintf(path, sizeof path, "%s/data", base);
	return 0;
}

static int remove_base(void **state)
{
	(void)state;
	test_folder_remove(base);
	return 0;
}

static void open_here(struct data_folder *folder)
{
	struct error error = { 0 };
	assert_int_equal(data_folder_open(path, folder, &error), RELEVO_OK);
}

/* Refused, and the text has the folder and that. */
static void refused(int status, const char *text)
{
	struct data_folder folder;
	struct error error = { 0 };
	assert_int_equal(data_folder_open(path, &folder, &error), status);
	assert_non_null(strstr(error_text(&error), path));
	assert_non_null(strstr(error_text(&error), text));
	assert_int_equal(folder.fd, -1);
}

static void lock_refused(int status, const char *text)
{
	struct data_folder folder;
	struct error error = { 0 };
	open_here(&folder);
	assert_int_equal(data_folder_lock(&folder, &error), status);
	assert_non_null(strstr(error_text(&error), text));
	assert_int_equal(folder.lock, -1);
	data_folder_close(&folder);
}

static mode_t mode_of(const char *name)
{
	struct stat status;
	assert_int_equal(lstat(name, &status), 0);
	return status.st_mode & 07777;
}

static void read_lock(char text[32])
{
	char name[128];
	snprintf(name, sizeof name, "%s/lock", path);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	ssize_t size = read(fd, text, 31);
	assert_true(size >= 0);
	text[size] = '\0';
	close(fd);
}

static void write_lock(const char *text)
{
	char name[128];
	snprintf(name, sizeof name, "%s/lock", path);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void it_is_made_for_its_owner(void **state)
{
	struct data_folder folder;
	(void)state;
	mode_t before = umask(0777);
	open_here(&folder);
	assert_int_equal(umask(before), 0777);
	assert_int_equal(mode_of(path), 0700);
	data_folder_close(&folder);
	open_here(&folder);
	data_folder_close(&folder);
	data_folder_close(&folder);
}

static void what_cannot_be_one_is_named(void **state)
{
	(void)state;
	snprintf(path, sizeof path, "%s/none/data", base);
	refused(RELEVO_NOT_FOUND, "cannot be made: No such file or directory");
	snprintf(path, sizeof path, "%s/file", base);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	refused(RELEVO_DENIED, "Not a directory");
	snprintf(path, sizeof path, "%s/loop", base);
	assert_int_equal(symlink("loop", path), 0);
	refused(RELEVO_DENIED, "symbolic links");
}

static void one_that_others_may_write_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0770), 0);
	refused(RELEVO_DENIED, "others may write");
	assert_int_equal(chmod(path, 0702), 0);
	refused(RELEVO_DENIED, "(mode 0702)");
	assert_int_equal(chmod(path, 0755), 0);
	struct data_folder folder;
	open_here(&folder);
	data_folder_close(&folder);
}

static void anothers_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
	refused(RELEVO_DENIED, "belongs to uid 4711, not to uid 0");
}

static void without_permission_it_is_not_made(void **state)
{
	struct data_folder folder;
	struct error error = { 0 };
	(void)state;
	bool root = geteuid() == 0;
	assert_int_equal(chmod(base, 0500), 0);
	assert_int_equal(root ? seteuid(4711) : 0, 0);
	int status = data_folder_open(path, &folder, &error);
	assert_int_equal(root ? seteuid(0) : 0, 0);
	assert_int_equal(chmod(base, 0700), 0);
	assert_int_equal(status, RELEVO_DENIED);
	assert_non_null(strstr(error_text(&error), path));
	assert_non_null(strstr(error_text(&error), "Permission denied"));
}

static void one_at_a_time_has_it(void **state)
{
	struct data_folder folder;
	struct error error = { 0 };
	char text[160], held[32];
	(void)state;
	open_here(&folder);
	assert_int_equal(data_folder_lock(&folder, &error), RELEVO_OK);
	read_lock(held);
	snprintf(text, sizeof text, "%d\n", (int)getpid());
	assert_string_equal(held, text);
	snprintf(text, sizeof text, "the data folder %s is used by process %d", path,
		 (int)getpid());
	lock_refused(RELEVO_ADDRESS_IN_USE, text);
	/* It has not signed yet. */
	write_lock("");
	lock_refused(RELEVO_ADDRESS_IN_USE, "is used by another process");
	data_folder_close(&folder);
	open_here(&folder);
	assert_int_equal(data_folder_lock(&folder, &error), RELEVO_OK);
	data_folder_close(&folder);
}

static void a_lock_that_was_left_holds_nobody_up(void **state)
{
	struct data_folder folder;
	struct error error = { 0 };
	char text[32], held[32];
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	write_lock("99999999\nand more\n");
	open_here(&folder);
	assert_int_equal(data_folder_lock(&folder, &error), RELEVO_OK);
	read_lock(held);
	snprintf(text, sizeof text, "%d\n", (int)getpid());
	assert_string_equal(held, text);
	data_folder_close(&folder);
}

static void a_lock_elsewhere_is_refused(void **state)
{
	char name[128], other[128];
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(name, sizeof name, "%s/lock", path);
	snprintf(other, sizeof other, "%s/other", base);
	assert_int_equal(symlink(other, name), 0);
	lock_refused(RELEVO_DENIED, "its file lock cannot be opened");
	assert_int_not_equal(access(other, F_OK), 0);
}

/* As on a disk that is full. */
static void what_cannot_be_written_is_told(void **state)
{
	struct rlimit limit, none;
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	lock_refused(RELEVO_SYSTEM, "its file lock cannot be written: File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#define folder_test(function) cmocka_unit_test_setup_teardown(function, make_base, remove_base)

int main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(it_is_made_for_its_owner),
		folder_test(what_cannot_be_one_is_named),
		folder_test(one_that_others_may_write_is_refused),
		folder_test(anothers_is_refused),
		folder_test(without_permission_it_is_not_made),
		folder_test(one_at_a_time_has_it),
		folder_test(a_lock_that_was_left_holds_nobody_up),
		folder_test(a_lock_elsewhere_is_refused),
		folder_test(what_cannot_be_written_is_told),
	};
	return cmocka_run_group_tests_name("data_folder", tests, NULL, NULL);
}
