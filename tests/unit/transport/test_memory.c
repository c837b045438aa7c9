#include "transport/memory.h"

#include "support/test.h"

#include "support/leaks.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct memory mapped(uint64_t size, const char *initial)
{
	const struct memory_plan plan = { size, initial, strlen(initial) };
	struct memory memory = { 0 };
	struct error error;
	int fd = -1;
	assert_int_equal(memory_create(&plan, &fd, &error), RELEVO_OK);
	assert_int_equal(memory_map(fd, size, &memory, &error), RELEVO_OK);
	close(fd);
	return memory;
}

static void test_it_begins_as_planned_and_zeroed(void **state)
{
	(void)state;
	struct memory memory = mapped(10000, "begin");
	const char *data = memory_data(&memory);
	assert_string_equal(data, "begin");
	for (size_t i = 5; i < memory.size; i++)
		assert_int_equal(data[i], 0);
	assert_int_equal((uintptr_t)data % 64, 0);
	memory_unmap(&memory);
	memory_unmap(&memory);
}

static void test_nobody_can_change_its_size(void **state)
{
	const struct memory_plan plan = { .size = 100 };
	int fd = -1;
	(void)state;
	assert_int_equal(memory_create(&plan, &fd, NULL), RELEVO_OK);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 1 << 20), -1);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(fd);
}

/* Whatever somebody who is no broker sends. */
static void test_other_descriptors_are_refused(void **state)
{
	struct memory memory = { 0 };
	struct error error;
	const struct memory_plan plan = { .size = 100 };
	int fd = -1;
	(void)state;
	assert_int_equal(memory_map(STDIN_FILENO, 1, &memory, &error), RELEVO_BAD_STATE);
	int plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(plain, 1 << 20), 0);
	assert_int_equal(memory_map(plain, 100, &memory, &error), RELEVO_BAD_STATE);
	assert_int_equal(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(memory_map(plain, 100, &memory, &error), RELEVO_BAD_VERSION);
	close(plain);
	assert_int_equal(memory_create(&plan, &fd, &error), RELEVO_OK);
	assert_int_equal(memory_map(fd, 101, &memory, &error), RELEVO_BAD_STATE);
	assert_non_null(strstr(error.text, "100 bytes"));
	assert_int_equal(memory_map(fd, 0, &memory, &error), RELEVO_BAD_STATE);
	assert_int_equal(memory_map(fd, UINT64_MAX, &memory, &error), RELEVO_BAD_STATE);
	assert_null(memory.head);
	close(fd);
}

static void test_the_lock_is_recursive(void **state)
{
	bool owner_died = true;
	struct memory memory = mapped(8, "");
	(void)state;
	assert_int_equal(memory_lock(&memory, NSEC_NEVER, &owner_died), RELEVO_OK);
	assert_false(owner_died);
	assert_int_equal(memory_lock(&memory, 0, &owner_died), RELEVO_OK);
	assert_int_equal(memory_unlock(&memory), RELEVO_OK);
	pid_t child = fork();
	if (child == 0) {
		if (memory_unlock(&memory) != RELEVO_NOT_OWNER)
			_exit(1);
		if (memory_lock(&memory, 0, &owner_died) != RELEVO_TIMED_OUT)
			_exit(2);
		nsec_t soon = clock_now() + 20 * NSEC_PER_MSEC;
		_exit(memory_lock(&memory, soon, &owner_died) == RELEVO_TIMED_OUT ? 0 : 3);
	}
	int outcome;
	assert_int_equal(waitpid(child, &outcome, 0), child);
	assert_int_equal(outcome, 0);
	assert_int_equal(memory_unlock(&memory), RELEVO_OK);
	assert_int_equal(memory_unlock(&memory), RELEVO_NOT_OWNER);
	memory_unmap(&memory);
}

static void test_a_dead_owner_is_told_of_once(void **state)
{
	bool owner_died = false;
	struct memory memory = mapped(8, "");
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		memory_lock(&memory, NSEC_NEVER, &owner_died);
		_exit(memory_lock(&memory, NSEC_NEVER, &owner_died));
	}
	int outcome;
	assert_int_equal(waitpid(child, &outcome, 0), child);
	assert_int_equal(outcome, 0);
	assert_int_equal(memory_lock(&memory, NSEC_NEVER, &owner_died), RELEVO_OK);
	assert_true(owner_died);
	assert_int_equal(memory_unlock(&memory), RELEVO_OK);
	assert_int_equal(memory_unlock(&memory), RELEVO_NOT_OWNER);
	assert_int_equal(memory_lock(&memory, 0, &owner_died), RELEVO_OK);
	assert_false(owner_died);
	assert_int_equal(memory_unlock(&memory), RELEVO_OK);
	memory_unmap(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		leaks_unit_test(test_it_begins_as_planned_and_zeroed),
		leaks_unit_test(test_nobody_can_change_its_size),
		leaks_unit_test(test_other_descriptors_are_refused),
		leaks_unit_test(test_the_lock_is_recursive),
		leaks_unit_test(test_a_dead_owner_is_told_of_once),
	};
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
