/* The folders of a test that is run, and what it leaves behind in them and in shared memory. */
#include "support/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_OPEN_FOLDERS 16

/* The names in a folder, ended by NULL; NULL when memory ran out. A folder that
 * is not there is empty. */
static char **list_names(const char *path)
{
	size_t count = 0;
	char **names = calloc(1, sizeof *names);
	DIR *folder = opendir(path);
	const struct dirent *entry;
	while (names != NULL && folder != NULL && (entry = readdir(folder)) != NULL) {
		char **grown = realloc(names, (count + 2) * sizeof *names);
		if (grown == NULL)
			break;
		names = grown;
		names[count] = strdup(entry->d_name);
		if (names[count] == NULL)
			break;
		names[++count] = NULL;
	}
	if (folder != NULL)
		closedir(folder);
	return names;
}

static void free_names(char **names)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		free(names[i]);
	free(names);
}

static bool has_name(char *const *names, const char *name)
{
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

bool folders_make(struct folders *folders, const char *shm)
{
	/* Not under TMPDIR, which may be long. */
	strcpy(folders->top, "/tmp/relevo-test-XXXXXX");
	if (mkdtemp(folders->top) == NULL) {
		fprintf(stderr, "runner: cannot make %s: %s\n", folders->top, strerror(errno));
		return false;
	}
	snprintf(folders->temporary, sizeof folders->temporary, "%s/tmp", folders->top);
	snprintf(folders->runtime, sizeof folders->runtime, "%s/run", folders->top);
	if (mkdir(folders->temporary, 0700) < 0 || mkdir(folders->runtime, 0700) < 0) {
		fprintf(stderr, "runner: cannot make folders in %s: %s\n", folders->top,
			strerror(errno));
		rmdir(folders->temporary);
		rmdir(folders->top);
		return false;
	}
	folders->shm = shm;
	folders->shm_before = list_names(shm);
	return true;
}

static const char *kind_of(const struct stat *info)
{
	if (S_ISSOCK(info->st_mode))
		return "a socket file";
	if (S_ISFIFO(info->st_mode))
		return "a named pipe";
	return "a file";
}

/* Empty folders may stay: like those under /run/user they cost nothing. */
static int check_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)position;
	if (type != FTW_D && type != FTW_DP)
		complain("left %s: %s", kind_of(info), path);
	return 0;
}

static void check_shm(const struct folders *folders)
{
	DIR *folder = opendir(folders->shm);
	const struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		struct stat info;
		if (!has_name(folders->shm_before, entry->d_name) &&
		    fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
		    info.st_uid == geteuid())
			complain("left shared memory: %s/%s", folders->shm, entry->d_name);
	}
	if (folder != NULL)
		closedir(folder);
}

void folders_check(const struct folders *folders)
{
	nftw(folders->top, check_entry, MAX_OPEN_FOLDERS, FTW_PHYS);
	check_shm(folders);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	remove(path);
	return 0;
}

void folders_remove(struct folders *folders)
{
	nftw(folders->top, remove_entry, MAX_OPEN_FOLDERS, FTW_PHYS | FTW_DEPTH);
	free_names(folders->shm_before);
	folders->shm_before = NULL;
}
