/* Comparing the open descriptors before and after a test. */
#include "support/leaks.h"

#include <dirent.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 4096
#define MAX_TARGET      128

/* How often is looked again, and in between, in ms. */
enum { LOOKS = 100, BETWEEN_LOOKS = 10 };

/* What each open descriptor refers to, such as "socket:[1234]"; NULL: closed. */
static char *before[MAX_DESCRIPTORS];

static void read_target(int fd, char target[MAX_TARGET])
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ssize_t length = readlink(path, target, MAX_TARGET - 1);
	target[length > 0 ? length : 0] = '\0';
}

/* A sanitizer reads its own library when it names functions, and what is mapped, at any time. */
static bool is_the_sanitizers(const char *target)
{
	const char *last = strrchr(target, '/');
	return strstr(target, "san.so") != NULL || (last != NULL && strcmp(last, "/maps") == 0);
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
		/* One that was closed while it was looked at is nobody's any more. */
		if (target[0] == '\0' || is_the_sanitizers(target))
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

static void forget_all(char **targets)
{
	for (int fd = 0; fd < MAX_DESCRIPTORS; fd++) {
		free(targets[fd]);
		targets[fd] = NULL;
	}
}

/* What there is now; a copy, since it is looked at again and again. */
static char *found[MAX_DESCRIPTORS];

static bool note_found(int fd, const char *target)
{
	found[fd] = strdup(target);
	return found[fd] != NULL;
}

/* How many descriptors are not as they were. */
static int compare(bool tell)
{
	int differences = 0;
	for (int fd = 0; fd < MAX_DESCRIPTORS; fd++) {
		const char *was = before[fd], *is = found[fd];
		if ((was == NULL && is == NULL) ||
		    (was != NULL && is != NULL && strcmp(was, is) == 0))
			continue;
		differences++;
		if (tell)
			fprintf(stderr, "descriptor %d was %s, is %s\n", fd,
				was != NULL ? was : "closed", is != NULL ? is : "left open");
	}
	return differences;
}

/* Look, and compare. -1: it cannot be looked at. */
static int look(bool tell)
{
	int differences = for_each_descriptor(note_found) ? compare(tell) : -1;
	forget_all(found);
	return differences;
}

int leaks_setup(void **state)
{
	(void)state;
	forget_all(before);
	return for_each_descriptor(remember) ? 0 : -1;
}

int leaks_teardown(void **state)
{
	(void)state;
	int differences = look(false);
	/* What goes over tcp is closed by threads of nng, and nothing tells when they have
	 * done so. */
	for (int i = 0; differences > 0 && i < LOOKS; i++) {
		poll(NULL, 0, BETWEEN_LOOKS);
		differences = look(false);
	}
	if (differences > 0)
		look(true);
	forget_all(before);
	return differences == 0 ? 0 : -1;
}
