#include "client/error.h"
#include "process/system.h"
#include "process/system_read.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

/* Room for one line of a list of users. */
#define LINE_SIZE 4096

/* NULL: that user has none. False when memory ran out. */
static bool find_name(uid_t id, char **name)
{
	char line[LINE_SIZE];
	struct passwd entry, *found = NULL;
	*name = NULL;
	if (getpwuid_r(id, &entry, line, sizeof line, &found) != 0 || found == NULL)
		return true;
	*name = strdup(found->pw_name);
	return *name != NULL;
}

/* Most processes have the user of the one before. */
static bool name_users(struct relevo_system_info *infos, size_t count)
{
	const struct relevo_system_info *named = NULL;
	for (size_t i = 0; i < count; i++) {
		bool same = named != NULL && named->user_id == infos[i].user_id;
		if (same && named->user == NULL)
			continue;
		if (same)
			infos[i].user = strdup(named->user);
		else if (!find_name(infos[i].user_id, &infos[i].user))
			return false;
		if (same && infos[i].user == NULL)
			return false;
		named = &infos[i];
	}
	return true;
}

static int list(pid_t pid, struct relevo_system_info **infos, size_t *count, struct error *error)
{
	int status = system_read(pid, infos, count, error);
	if (status != RELEVO_OK || name_users(*infos, *count))
		return status;
	relevo_system_list_free(*infos, *count);
	return error_set(error, RELEVO_NO_MEMORY, "no memory for the names of users");
}

int system_inspect(const relevo_system_process *process, struct relevo_system_info *info,
		   struct error *error)
{
	struct relevo_system_info *infos;
	size_t count;
	int status = list(process->pid, &infos, &count, error);
	if (status == RELEVO_NOT_FOUND)
		return system_gone(process, error);
	if (status != RELEVO_OK)
		return status;
	if (!system_is_there(process)) {
		relevo_system_list_free(infos, count);
		return system_gone(process, error);
	}
	*info = infos[0];
	free(infos);
	return RELEVO_OK;
}

int relevo_system_inspect(const relevo_system_process *process, struct relevo_system_info *info)
{
	return system_inspect(process, info, client_error());
}

int relevo_system_list(struct relevo_system_info **processes, size_t *count)
{
	return list(0, processes, count, client_error());
}

void relevo_system_info_free(struct relevo_system_info *info)
{
	for (size_t i = 0; i < info->argument_count; i++)
		free(info->arguments[i]);
	free(info->arguments);
	free(info->name);
	free(info->executable);
	free(info->user);
	*info = (struct relevo_system_info){ 0 };
}

void relevo_system_list_free(struct relevo_system_info *processes, size_t count)
{
	if (processes == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		relevo_system_info_free(&processes[i]);
	free(processes);
}
