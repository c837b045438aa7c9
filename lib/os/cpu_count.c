/* How many processors a process may use, and how much of their time. */
#include "os/cpu_count.h"

#include "base/mutant.h"
#include "os/control_group.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- control groups ----------------------------------------------------------------- */

/* Rounded up; 0: any. */
static int processors(long long quota, long long period)
{
	if (quota <= 0 || period <= 0)
		return 0;
	long long count = quota / period + (quota % period != 0);
	return count < 1 << 20 ? (int)count : 0;
}

static int quota_of_group(const struct control_group *group)
{
	char text[64], more[64];
	long long quota, period;
	if (group->second)
		return control_group_read(group, "cpu.max", text, sizeof text) &&
				       sscanf(text, "%lld %lld", &quota, &period) == 2
			       ? processors(quota, period)
			       : 0;
	if (!control_group_read(group, "cpu.cfs_quota_us", text, sizeof text) ||
	    !control_group_read(group, "cpu.cfs_period_us", more, sizeof more))
		return 0;
	return processors(atoll(text), atoll(more));
}

static int smaller(int one, int other)
{
	return other == 0 || (one != 0 && one < other) ? one : other;
}

static void note_quota(const struct control_group *group, void *context)
{
	int *least = context;
	*least = smaller(quota_of_group(group), *least);
}

int cpu_quota(const char *root)
{
	int least = 0;
	control_groups_visit(root, "cpu", note_quota, &least);
	return MUTANT(quota_unseen) ? 0 : least;
}

/* ---- both ------------------------------------------------------------------------------- */

static int count_by_affinity(void)
{
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
		return CPU_COUNT(&allowed);
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	return online > 0 ? (int)online : 1;
}

int cpu_count(void)
{
	return smaller(count_by_affinity(), cpu_quota(""));
}

int cpu_count_quickly(void)
{
	static atomic_int known = -1;
	int quota = atomic_load(&known);
	if (quota < 0) {
		quota = cpu_quota("");
		atomic_store(&known, quota);
	}
	return smaller(count_by_affinity(), quota);
}
