/* Listing the processes of the system, with the names of their users. */
#include "base/thread_error.h"
#include "system/system.h"
#include "system/system_read.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* Room for one line of a list of users. */
#define LINE_SIZE 4096

/* NULL: that user has none. The errno of a shortage, or 0. */
static int system_list_find_name(uid_t id, const char **name)
{
	char line[LINE_SIZE];
	struct passwd entry, *found = NULL;
	*name = NULL;
	int failure = getpwuid_r(id, &entry, line, sizeof line, &found);
	if (failure != 0 && error_descriptor_status(failure) != RELEVO_SYSTEM)
		return failure;
	if (failure != 0 || found == NULL)
		return 0;
	*name = strdup(found->pw_name);
	return *name != NULL ? 0 : ENOMEM;
}

/* Most processes have the user of the one before. */
static int name_users(struct relevo_system_info *infos, size_t count)
{
	const struct relevo_system_info *named = NULL;
	for (size_t i = 0; i < count; i++) {
		bool same = named != NULL && named->user_id == infos[i].user_id;
		if (same && named->user == NULL)
			continue;
		int failure = 0;
		if (same)
			infos[i].user = strdup(named->user);
		else
			failure = system_list_find_name(infos[i].user_id, &infos[i].user);
		if (failure != 0 || (same && infos[i].user == NULL))
			return failure != 0 ? failure : ENOMEM;
		named = &infos[i];
	}
	return 0;
}

static int list(pid_t pid, struct relevo_system_info **infos, size_t *count, struct error *error)
{
	int status = system_read(pid, infos, count, error);
	int failure = status == RELEVO_OK ? name_users(*infos, *count) : 0;
	if (failure == 0)
		return status;
	system_infos_free(*infos, *count);
	return error_set_errno(error, RELEVO_SYSTEM, failure, "the names of users");
}

int system_inspect(const relevo_system_process *process, struct relevo_system_info *info,
		   struct error *error)
{
	struct relevo_system_info *infos;
	size_t count;
	int status = list(process->pid, &infos, &count, error);
	if (status == RELEVO_NOT_FOUND && !system_is_there(process))
		return system_gone(process, error);
	if (status == RELEVO_NOT_FOUND)
		return error_set(error, RELEVO_DENIED, "the process %d cannot be looked at",
				 (int)process->pid);
	if (status != RELEVO_OK)
		return status;
	if (!system_is_there(process)) {
		system_infos_free(infos, count);
		return system_gone(process, error);
	}
	*info = infos[0];
	free(infos);
	return RELEVO_OK;
}

int relevo_system_inspect(const relevo_system_process *process, struct relevo_system_info **info)
{
	if (!given(process, info))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct relevo_system_info *found = malloc(sizeof *found);
	if (found == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the process %d",
				 (int)process->pid);
	int status = system_inspect(process, found, error);
	if (status == RELEVO_OK)
		*info = found;
	else
		free(found);
	return status;
}

int relevo_system_list(int (*visit)(const struct relevo_system_info *process, void *user),
		       void *user)
{
	if (!given_function(visit))
		return RELEVO_BAD_ARGUMENT;
	struct relevo_system_info *infos;
	size_t count;
	int status = list(0, &infos, &count, thread_error());
	if (status != RELEVO_OK)
		return status;
	for (size_t i = 0; i < count && status == RELEVO_OK; i++)
		status = visit(&infos[i], user);
	system_infos_free(infos, count);
	return status;
}

void system_info_fini(struct relevo_system_info *info)
{
	for (size_t i = 0; i < info->argument_count; i++)
		free((char *)info->arguments[i]);
	free((void *)info->arguments);
	free((char *)info->name);
	free((char *)info->executable);
	free((char *)info->user);
}

void system_infos_free(struct relevo_system_info *infos, size_t count)
{
	for (size_t i = 0; i < count; i++)
		system_info_fini(&infos[i]);
	free(infos);
}

void relevo_system_info_free(struct relevo_system_info *info)
{
	if (info != NULL)
		system_infos_free(info, 1);
}
