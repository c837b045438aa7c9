/* How many processors a process may use, and how much of their time. */
#include "base/cpu_count.h"

#include "base/mutant.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A path of /proc is shorter; what does not fit is passed over. */
enum { PATH_ROOM = 4096, LINE_ROOM = 3 * PATH_ROOM };

/* Where control groups are, and which this process is in. */
struct place {
	const char *root;
	bool second;            /* version 2 */
	char mount[PATH_ROOM];  /* where they are to be seen */
	char top[PATH_ROOM];    /* the group that is to be seen there */
	char folder[PATH_ROOM]; /* of one group */
};

/* ---- the files of one group -------------------------------------------------------- */

static bool read_file(const struct place *place, const char *name, char *text, int size)
{
	char path[2 * PATH_ROOM];
	snprintf(path, sizeof path, "%s/%s", place->folder, name);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	bool read = fgets(text, size, file) != NULL;
	fclose(file);
	return read;
}

/* Rounded up; 0: any. */
static int processors(long long quota, long long period)
{
	if (quota <= 0 || period <= 0)
		return 0;
	long long count = quota / period + (quota % period != 0);
	return count < 1 << 20 ? (int)count : 0;
}

static int quota_of_group(const struct place *place)
{
	char text[64], more[64];
	long long quota, period;
	if (place->second)
		return read_file(place, "cpu.max", text, sizeof text) &&
				       sscanf(text, "%lld %lld", &quota, &period) == 2
			       ? processors(quota, period)
			       : 0;
	if (!read_file(place, "cpu.cfs_quota_us", text, sizeof text) ||
	    !read_file(place, "cpu.cfs_period_us", more, sizeof more))
		return 0;
	return processors(atoll(text), atoll(more));
}

/* ---- from a group to the top -------------------------------------------------------- */

static int smaller(int one, int other)
{
	return other == 0 || (one != 0 && one < other) ? one : other;
}

/* Its path as it is to be seen below the mount; "" where it is not. */
static const char *path_below(const struct place *place, const char *group)
{
	size_t length = strcmp(place->top, "/") == 0 ? 0 : strlen(place->top);
	if (strncmp(group, "/..", 3) == 0 || strncmp(group, place->top, length) != 0 ||
	    (group[length] != '/' && group[length] != '\0'))
		return "";
	return group + length;
}

static int quota_of_path(struct place *place, const char *group)
{
	const char *below = path_below(place, group);
	size_t shortest = strlen(place->root) + strlen(place->mount);
	size_t size = sizeof place->folder;
	int length = snprintf(place->folder, size, "%s%s%s", place->root, place->mount, below);
	int least = 0;
	if ((size_t)length >= size)
		return 0;
	for (char *end = place->folder + length;; end = strrchr(place->folder, '/')) {
		if (end == NULL || (size_t)(end - place->folder) < shortest)
			return least;
		*end = '\0';
		least = smaller(quota_of_group(place), least);
	}
}

/* ---- /proc ---------------------------------------------------------------------------- */

static bool names_cpu(char *list)
{
	char *rest;
	for (char *word = strtok_r(list, ",\n", &rest); word != NULL;
	     word = strtok_r(NULL, ",\n", &rest)) {
		if (strcmp(word, "cpu") == 0)
			return true;
	}
	return false;
}

/* The line of the process's groups that is about this place: number:controllers:path. */
static bool read_group(const struct place *place, char group[PATH_ROOM])
{
	char path[PATH_ROOM], line[LINE_ROOM];
	bool found = false;
	snprintf(path, sizeof path, "%s/proc/self/cgroup", place->root);
	FILE *file = fopen(path, "re");
	while (!found && file != NULL && fgets(line, sizeof line, file) != NULL) {
		char *controllers = strchr(line, ':');
		char *where = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (where == NULL)
			continue;
		*where++ = '\0';
		where[strcspn(where, "\n")] = '\0';
		found = place->second ? controllers[1] == '\0' : names_cpu(controllers + 1);
		if (found)
			snprintf(group, PATH_ROOM, "%.*s", PATH_ROOM - 1, where);
	}
	if (file != NULL)
		fclose(file);
	return found;
}

/* A mount of control groups that knows processors. */
static bool read_mount(char *line, struct place *place)
{
	char options[PATH_ROOM], type[16];
	char *rest = strstr(line, " - ");
	if (rest == NULL || sscanf(rest, " - %15s %*s %4095s", type, options) != 2 ||
	    sscanf(line, "%*s %*s %*s %4095s %4095s", place->top, place->mount) != 2)
		return false;
	place->second = strcmp(type, "cgroup2") == 0;
	return place->second || (strcmp(type, "cgroup") == 0 && names_cpu(options));
}

int cpu_quota(const char *root)
{
	char path[PATH_ROOM], line[LINE_ROOM], group[PATH_ROOM];
	struct place place = { .root = root };
	int least = 0;
	snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
	FILE *file = fopen(path, "re");
	while (file != NULL && fgets(line, sizeof line, file) != NULL) {
		if (read_mount(line, &place) && read_group(&place, group))
			least = smaller(quota_of_path(&place, group), least);
	}
	if (file != NULL)
		fclose(file);
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
