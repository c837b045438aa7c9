/* The memory that control groups leave, as /proc and they tell it. */
#include "os/memory_size.h"

#include "fake_root.h"
#include "support/test.h"

#include <unistd.h>

static void version_two(void **state)
{
	(void)state;
	write_file("/proc/self/mountinfo", "20 1 0:5 / / rw - ext4 /dev/a rw\n" UNIFIED);
	write_file("/proc/self/cgroup", "0::/jobs/mine\n");
	assert_true(memory_limit(root) == UINT64_MAX);
	write_file("/sys/fs/cgroup/jobs/mine/memory.max", "max\n");
	assert_true(memory_limit(root) == UINT64_MAX);
	write_file("/sys/fs/cgroup/jobs/mine/memory.max", "41943040\n");
	assert_int_equal(memory_limit(root), 41943040);
	/* The least of it and those above, and of none that is beside it. */
	write_file("/sys/fs/cgroup/jobs/memory.max", "31457280\n");
	write_file("/sys/fs/cgroup/jobs/other/memory.max", "1048576\n");
	assert_int_equal(memory_limit(root), 31457280);
	write_file("/sys/fs/cgroup/jobs/mine/memory.max", "20971520\n");
	assert_int_equal(memory_limit(root), 20971520);
}

static void version_one(void **state)
{
	(void)state;
	write_file("/proc/self/mountinfo",
		   UNIFIED "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
			   "32 20 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
	write_file("/proc/self/cgroup", "9:memory:/jobs/mine\n8:cpu:/other\n0::/\n");
	write_file("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	assert_true(memory_limit(root) >= INT64_MAX / 2);
	write_file("/sys/fs/cgroup/memory/other/memory.limit_in_bytes", "1048576\n");
	write_file("/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", "41943040\n");
	write_file("/sys/fs/cgroup/memory/jobs/mine/memory.limit_in_bytes",
		   "9223372036854771712\n");
	assert_int_equal(memory_limit(root), 41943040);
}

static void the_machine_has_no_less(void **state)
{
	(void)state;
	uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	assert_true(memory_limit(root) == UINT64_MAX);
	assert_true(memory_size() > 0 && memory_size() <= machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_two, make_root, remove_root),
		cmocka_unit_test_setup_teardown(version_one, make_root, remove_root),
		cmocka_unit_test_setup_teardown(the_machine_has_no_less, make_root, remove_root),
	};
	return cmocka_run_group_tests_name("base/memory_size", tests, NULL, NULL);
}
