/* The files that a process of the system has open. */
#include "base/thread_error.h"
#include "system/system.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * libproc2 (4.0.2) does not list what a process has open, so this reads the links below
 * /proc/PID/fd. The folder is opened once: even if the id is another process's
 * meanwhile, the folder is not.
 */
struct list {
	struct relevo_system_file *files; /* their paths are its own */
	size_t count, room;
};

static bool system_files_add(struct list *list, int descriptor, const char *path)
{
	if (list->count == list->room) {
		size_t room = list->room > 0 ? list->room * 2 : 16;
		struct relevo_system_file *files = reallocarray(list->files, room, sizeof *files);
		if (files == NULL)
			return false;
		list->files = files;
		list->room = room;
	}
	list->files[list->count].descriptor = descriptor;
	list->files[list->count].path = strdup(path);
	if (list->files[list->count].path == NULL)
		return false;
	list->count++;
	return true;
}

/* One that has been closed meanwhile is passed over. */
static bool add_entry(struct list *list, int folder, const char *name)
{
	char path[PATH_MAX + 1];
	if (name[0] == '.')
		return true;
	ssize_t size = readlinkat(folder, name, path, sizeof path - 1);
	if (size < 0)
		return true;
	path[size] = '\0';
	return system_files_add(list, atoi(name), path);
}

static int system_files_compare(const void *left, const void *right)
{
	const struct relevo_system_file *a = left, *b = right;
	return (a->descriptor > b->descriptor) - (a->descriptor < b->descriptor);
}

static int read_folder(const relevo_system_process *process, int fd, struct list *list,
		       struct error *error)
{
	DIR *folder = fdopendir(fd);
	if (folder == NULL) {
		close(fd);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the files of process %d",
				 (int)process->pid);
	}
	const struct dirent *entry;
	bool good = true;
	while (good && (entry = readdir(folder)) != NULL)
		good = add_entry(list, dirfd(folder), entry->d_name);
	closedir(folder);
	if (!good)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the files of process %d",
				 (int)process->pid);
	return relevo_system_is_alive(process) ? RELEVO_OK : system_gone(process, error);
}

static int read_files(const relevo_system_process *process, struct list *list, struct error *error)
{
	int fd;
	if (!relevo_system_is_alive(process))
		return system_gone(process, error);
	int status = system_open_folder(process, "fd", &fd, error);
	if (status == RELEVO_OK)
		status = read_folder(process, fd, list, error);
	if (status == RELEVO_OK && list->count > 0)
		qsort(list->files, list->count, sizeof *list->files, system_files_compare);
	return status;
}

int relevo_system_files(const relevo_system_process *process,
			int (*visit)(const struct relevo_system_file *file, void *user), void *user)
{
	if (!given(process) || !given_function(visit))
		return RELEVO_BAD_ARGUMENT;
	struct list list = { 0 };
	int status = read_files(process, &list, thread_error());
	for (size_t i = 0; i < list.count && status == RELEVO_OK; i++)
		status = visit(&list.files[i], user);
	for (size_t i = 0; i < list.count; i++)
		free((char *)list.files[i].path);
	free(list.files);
	return status;
}
