/* The folder of the measurements that write to disk, and its end. */
#include "bench/folder.h"

#include "bench/die.h"
#include "bench/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN_FOLDERS = 16 };

/* Of all measurements; empty: not made yet. */
static char top[FOLDER_PATH];

/* ---- walking -------------------------------------------------------------- */

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info;
	(void)type;
	(void)at;
	return remove(path);
}

static int remove_all(const char *path)
{
	return nftw(path, remove_entry, OPEN_FOLDERS, FTW_PHYS | FTW_DEPTH);
}

void folder_remove(const char *path)
{
	if (remove_all(path) != 0 && errno != ENOENT)
		die_errno(path);
}

static double total;

static int add_size(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	if (type == FTW_F)
		total += (double)info->st_size;
	return 0;
}

double folder_size(const char *path)
{
	total = 0;
	if (nftw(path, add_size, OPEN_FOLDERS, FTW_PHYS) != 0)
		die_errno(path);
	return total;
}

/* ---- the place ------------------------------------------------------------ */

static void beside_the_program(char path[FOLDER_PATH])
{
	ssize_t size = readlink("/proc/self/exe", path, FOLDER_PATH - 1);
	if (size < 0)
		die_errno("/proc/self/exe");
	path[size] = '\0';
	char *slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
}

/* Servers have other working folders. */
static void set_place(char place[FOLDER_PATH], const char *chosen)
{
	char *path = realpath(chosen, NULL);
	if (path == NULL)
		die_errno(chosen);
	if (snprintf(place, FOLDER_PATH, "%s", path) >= FOLDER_PATH)
		die("the path %s is too long", path);
	free(path);
}

const char *folder_place(void)
{
	static char place[FOLDER_PATH];
	const char *chosen = getenv("RELEVO_BENCH_DIR");
	if (place[0] != '\0')
		return place;
	if (chosen == NULL)
		beside_the_program(place);
	else
		set_place(place, chosen);
	return place;
}

/* How many of its bytes are the path's first folders; 0: the path is not below it. */
static size_t covers(const char *mount, const char *path)
{
	size_t size = strlen(mount);
	if (strncmp(mount, path, size) != 0)
		return 0;
	return size == 1 || path[size] == '/' || path[size] == '\0' ? size : 0;
}

const char *folder_file_system(void)
{
	static char kind[64] = "unknown";
	char *path = realpath(folder_place(), NULL);
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	size_t most = 0;
	if (path == NULL || mounts == NULL)
		die_errno(folder_place());
	/* Of several at one place the last one counts. */
	for (const struct mntent *mount; (mount = getmntent(mounts)) != NULL;) {
		size_t size = covers(mount->mnt_dir, path);
		if (size < most || size == 0)
			continue;
		most = size;
		snprintf(kind, sizeof kind, "%s", mount->mnt_type);
	}
	endmntent(mounts);
	free(path);
	return kind;
}

/* ---- its end -------------------------------------------------------------- */

/* A process that outlives all that has the other end of the pipe: the bench, what it
 * forks, and the keepers of its servers. */
static _Noreturn void remove_in_the_end(int lifeline)
{
	char byte;
	guard_begin(&lifeline, 1);
	while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
		continue;
	if (remove_all(top) != 0)
		perror(top);
	_exit(0);
}

static pid_t remover;
static int remover_lifeline;

static void end_remover(void)
{
	close(remover_lifeline);
	waitpid(remover, NULL, 0);
}

static void make_top(void)
{
	int ends[2];
	if (snprintf(top, sizeof top, "%s/bench-XXXXXX", folder_place()) >= (int)sizeof top)
		die("the path %s is too long", folder_place());
	if (mkdtemp(top) == NULL)
		die_errno(top);
	if (pipe2(ends, O_CLOEXEC) < 0)
		die_errno("pipe");
	fflush(NULL);
	remover = fork();
	if (remover < 0)
		die_errno("fork");
	if (remover == 0)
		remove_in_the_end(ends[0]);
	close(ends[0]);
	remover_lifeline = ends[1];
	/* So that in an orderly end nothing is there any more once the bench is not. */
	atexit(end_remover);
}

int folder_lifeline(void)
{
	return remover_lifeline;
}

void folder_new(const char *name, char path[FOLDER_PATH])
{
	if (top[0] == '\0')
		make_top();
	if (snprintf(path, FOLDER_PATH, "%s/%s", top, name) >= FOLDER_PATH)
		die("the path %s is too long", top);
	folder_remove(path);
	if (mkdir(path, 0700) < 0)
		die_errno(path);
}
