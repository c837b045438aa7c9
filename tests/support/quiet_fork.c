/*
 * Part of every program that is built with the address sanitizer. A child of fork(2) has the
 * locks of the sanitizer's allocator as they were at that moment, and the sanitizer does not
 * see to them, as malloc(3) does: had another thread been allocating, the child would wait for
 * ever. So a fork waits until the other threads rest.
 *
 * This is installed first of all and called last: by then the library's own handler holds the
 * locks of all sessions, for which its threads wait.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A thread that does not rest in so many seconds has something else to do than to allocate. */
enum { PATIENCE = 2 };

/* Whether it sleeps, or has ended. */
static bool rests(const char *thread)
{
	char path[64], text[512];
	snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", thread);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return true;
	size_t size = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[size] = '\0';
	const char *state = strrchr(text, ')');
	return state == NULL || strchr("SZX", state[2]) != NULL;
}

static bool others_rest(void)
{
	DIR *threads = opendir("/proc/self/task");
	if (threads == NULL)
		return true;
	bool all = true;
	struct dirent *entry;
	while (all && (entry = readdir(threads)) != NULL)
		all = entry->d_name[0] == '.' || atoi(entry->d_name) == gettid() ||
		      rests(entry->d_name);
	closedir(threads);
	return all;
}

static time_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void before_fork(void)
{
	time_t end = seconds() + PATIENCE;
	/* One that slept when it was looked at may have been waiting for one that did not. */
	while (!(others_rest() && others_rest()) && seconds() < end)
		sched_yield();
}

__attribute__((constructor)) static void install(void)
{
	pthread_atfork(before_fork, NULL, NULL);
}
