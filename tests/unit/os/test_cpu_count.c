/* The share of the processors' time that control groups leave, as /proc and they tell it. */
#include "os/cpu_count.h"

#include "fake_root.h"
#include "support/test.h"

static void version_two(void **state)
{
	(void)state;
	write_file("/proc/self/mountinfo", "20 1 0:5 / / rw - ext4 /dev/a rw\n" UNIFIED);
	write_file("/proc/self/cgroup", "0::/jobs/mine\n");
	assert_int_equal(cpu_quota(root), 0);
	write_file("/sys/fs/cgroup/jobs/mine/cpu.max", "max 100000\n");
	assert_int_equal(cpu_quota(root), 0);
	write_file("/sys/fs/cgroup/jobs/mine/cpu.max", "300000 100000\n");
	assert_int_equal(cpu_quota(root), 3);
	/* Rounded up, and never none. */
	write_file("/sys/fs/cgroup/jobs/mine/cpu.max", "300001 100000\n");
	assert_int_equal(cpu_quota(root), 4);
	write_file("/sys/fs/cgroup/jobs/mine/cpu.max", "1000 100000\n");
	assert_int_equal(cpu_quota(root), 1);
	/* The groups above it count as well, and none that is beside it. */
	write_file("/sys/fs/cgroup/jobs/mine/cpu.max", "700000 100000\n");
	write_file("/sys/fs/cgroup/jobs/cpu.max", "200000 100000\n");
	write_file("/sys/fs/cgroup/jobs/mine/inner/cpu.max", "100000 100000\n");
	assert_int_equal(cpu_quota(root), 2);
}

static void version_one(void **state)
{
	(void)state;
	write_file("/proc/self/mountinfo",
		   UNIFIED "31 20 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
			   "32 20 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup "
			   "rw,cpu,cpuacct\n");
	write_file("/proc/self/cgroup", "9:memory:/other\n8:cpu,cpuacct:/jobs\n0::/\n");
	write_file("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "-1\n");
	write_file("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n");
	assert_int_equal(cpu_quota(root), 0);
	write_file("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "150000\n");
	assert_int_equal(cpu_quota(root), 2);
}

/* What is mounted is the container's group, which /proc names as the host has it. */
static void a_container_that_sees_its_own_group_only(void **state)
{
	(void)state;
	write_file("/proc/self/mountinfo",
		   "30 20 0:26 /docker/4711 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
	write_file("/proc/self/cgroup", "0::/docker/4711/inner\n");
	write_file("/sys/fs/cgroup/cpu.max", "100000 100000\n");
	write_file("/sys/fs/cgroup/inner/cpu.max", "max 100000\n");
	assert_int_equal(cpu_quota(root), 1);
	/* One that is outside of what can be seen. */
	write_file("/proc/self/cgroup", "0::/../other\n");
	assert_int_equal(cpu_quota(root), 1);
	write_file("/proc/self/cgroup", "0::/docker/47112\n");
	assert_int_equal(cpu_quota(root), 1);
}

static void without_any(void **state)
{
	(void)state;
	assert_int_equal(cpu_quota(root), 0);
	assert_true(cpu_count() >= 1);
	assert_int_equal(cpu_count(), cpu_count_quickly());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_two, make_root, remove_root),
		cmocka_unit_test_setup_teardown(version_one, make_root, remove_root),
		cmocka_unit_test_setup_teardown(a_container_that_sees_its_own_group_only, make_root,
						remove_root),
		cmocka_unit_test_setup_teardown(without_any, make_root, remove_root),
	};
	return cmocka_run_group_tests_name("process/cpu_count", tests, NULL, NULL);
}
