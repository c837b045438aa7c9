/* Finding a program's file by its name, in the PATH. */
#include "program/program_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What execvp() takes when there is no PATH. */
#define DEFAULT_PATH "/bin:/usr/bin"

static const char *search_path(const char *const *environment)
{
	for (; *environment != NULL; environment++) {
		if (strncmp(*environment, "PATH=", 5) == 0)
			return *environment + 5;
	}
	return DEFAULT_PATH;
}

/* A file that may be executed; if not, errno says why. */
static bool is_program(int directory, const char *path)
{
	struct stat info;
	if (fstatat(directory, path, &info, 0) < 0)
		return false;
	if (!S_ISREG(info.st_mode)) {
		errno = EACCES;
		return false;
	}
	return faccessat(directory, path, X_OK, AT_EACCESS) == 0;
}

/* An empty folder is where the program starts. */
static void program_path_join(char *path, const char *folder, size_t length, const char *name)
{
	char *end = length > 0 ? mempcpy(path, folder, length) : stpcpy(path, ".");
	*end++ = '/';
	strcpy(end, name);
}

/* `path` has room for every folder of the list with the name behind it. */
static bool search(const char *list, const char *name, int directory, char *path, bool *denied)
{
	for (;;) {
		size_t length = strcspn(list, ":");
		program_path_join(path, list, length, name);
		if (is_program(directory, path))
			return true;
		*denied = *denied || errno == EACCES;
		if (list[length] == '\0')
			return false;
		list += length + 1;
	}
}

int path_find(const char *name, const char *const *environment, int directory, char **path,
	      struct error *error)
{
	const char *list = search_path(environment);
	bool denied = false;
	*path = malloc(strlen(list) + strlen(name) + 3);
	if (*path == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to look for \"%s\"", name);
	if (strchr(name, '/') != NULL) {
		strcpy(*path, name);
		return RELEVO_OK;
	}
	if (search(list, name, directory < 0 ? AT_FDCWD : directory, *path, &denied))
		return RELEVO_OK;
	free(*path);
	*path = NULL;
	if (denied)
		return error_set(error, RELEVO_DENIED, "the program \"%s\" may not be executed",
				 name);
	return error_set(error, RELEVO_NOT_FOUND, "there is no program \"%s\" in PATH", name);
}
