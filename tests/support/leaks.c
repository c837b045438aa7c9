#include "support/leaks.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 4096
#define MAX_TARGET      128

/* What each open descriptor refers to, such as "socket:[1234]"; NULL: closed. */
static char *before[MAX_DESCRIPTORS];

static void read_target(int fd, char target[MAX_TARGET])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(path, target, MAX_TARGET - 1);
	target[length > 0 ? length : 0] = '\0';
}

/* A sanitizer reads its own library when it names functions, at any time. */
static bool is_the_sanitizers(const char *target)
{
	return strstr(target, "san.so") != NULL;
}

/* Call `visit` with each open descriptor but the one that lists them. False
 * when they cannot be listed, or `visit` said so. */
static bool for_each_descriptor(bool (*visit)(int fd, const char *target))
{
	DIR *folder = opendir("/proc/self/fd");
	if (folder == NULL)
		return false;
	bool good = true;
	const struct dirent *entry;
	while (good && (entry = readdir(folder)) != NULL) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] == '.' || fd == dirfd(folder))
			continue;
		char target[MAX_TARGET];
		read_target(fd, target);
		if (is_the_sanitizers(target))
			continue;
		good = fd < MAX_DESCRIPTORS && visit(fd, target);
	}
	closedir(folder);
	return good;
}

static bool remember(int fd, const char *target)
{
	before[fd] = strdup(target);
	return before[fd] != NULL;
}

static void forget_all(void)
{
	for (int fd = 0; fd < MAX_DESCRIPTORS; fd++) {
		free(before[fd]);
		before[fd] = NULL;
	}
}

static int differences;

/* Strikes out what is as it was, so that what remains has been closed. */
static bool compare(int fd, const char *target)
{
	if (before[fd] == NULL) {
		fprintf(stderr, "left open: descriptor %d, %s\n", fd, target);
		differences++;
		return true;
	}
	if (strcmp(before[fd], target) != 0) {
		fprintf(stderr, "replaced: descriptor %d was %s, is %s\n", fd, before[fd], target);
		differences++;
	}
	free(before[fd]);
	before[fd] = NULL;
	return true;
}

int leaks_setup(void **state)
{
	(void)state;
	forget_all();
	return for_each_descriptor(remember) ? 0 : -1;
}

int leaks_teardown(void **state)
{
	(void)state;
	differences = 0;
	bool compared = for_each_descriptor(compare);
	for (int fd = 0; compared && fd < MAX_DESCRIPTORS; fd++) {
		if (before[fd] == NULL)
			continue;
		fprintf(stderr, "closed: descriptor %d, %s\n", fd, before[fd]);
		differences++;
	}
	forget_all();
	return compared && differences == 0 ? 0 : -1;
}
